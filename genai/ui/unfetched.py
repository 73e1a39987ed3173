"""Results that nobody fetches are let go.

Gradio keeps what an event answered until somebody reads it, for up to 2,000 sessions: half a gigabyte of pictures that nobody
came for, beside a set of names for each session that never ended.
"""

from __future__ import annotations

import time
from asyncio import Queue

from gradio.queueing import Queue as Events
from gradio.server_messages import ProcessCompletedMessage
from gradio.utils import LRUCache

SESSIONS = 2000  # that wait for something, as in Gradio
MOST = 50  # of them whose result is ready and unread
SECONDS = 60.0  # that a result is kept


class Unfetched(LRUCache):
    """For `Events.pending_messages_per_session`: session -> its messages. When a session begins, those are let go whose
    result has been unread for SECONDS, and of more than MOST the oldest. Whoever listens reads at once."""

    def __init__(self, events: Events):
        super().__init__(SESSIONS)
        self.events = events
        self.since: dict[str, float] = {}  # session -> when its result was first seen unread

    def __setitem__(self, session: str, messages: Queue) -> None:
        self._let_go(time.monotonic())
        super().__setitem__(session, messages)

    def _let_go(self, now: float) -> None:
        unread = [session for session, messages in self.items() if is_ready(messages)]
        self.since = {session: self.since.get(session, now) for session in unread}
        oldest = sorted(unread, key=self.since.__getitem__)
        for place, session in enumerate(reversed(oldest)):
            if place >= MOST or now - self.since[session] > SECONDS:
                del self[session], self.since[session]
                self.events.pending_event_ids_session.pop(session, None)


def is_ready(messages: Queue) -> bool:
    return any(isinstance(message, ProcessCompletedMessage) for message in messages._queue)
