"""A request's body in one piece, for doors that look at all of it; BodyLimit says how large that may be."""

from __future__ import annotations

from starlette.types import Message, Receive


async def whole(receive: Receive) -> bytes | None:
    """The body; None where the visitor left, or it was cut off as too large: then nobody reads an answer."""
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


def replayed(body: bytes, receive: Receive) -> Receive:
    """The body once more, as one message, then what comes after it."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return messages.pop() if messages else await receive()

    return again
