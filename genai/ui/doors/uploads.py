"""Uploads lie in a folder of this process's own, few and small, and not for long.

Left alone, Gradio takes a thousand files a request, keeps a folder for each for ever, and forgets what came in half.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import re
import shutil
import tempfile
import time
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from genai.errors import UserError
from genai.ui.doors.refusal import refusal
from genai.ui.doors.whole import replayed, whole

MOST_PARTS = 10  # files and fields of a request
MOST_FILES = 100  # in the folder
MOST_BYTES = 50_000_000  # ... of all of them
KEEP_SECONDS = 300.0  # that a file is kept: the page reads it as soon as it is there
TIDY_SECONDS = 60.0  # between two looks at the folder, while somebody asks for anything


@functools.cache
def folder() -> Path:
    """Where this process's uploads lie, below GRADIO_TEMP_DIR or the system's; Gradio is told so, and it goes at the end."""
    own = Path(tempfile.mkdtemp(prefix="genai-", dir=os.environ.get("GRADIO_TEMP_DIR")))
    os.environ["GRADIO_TEMP_DIR"] = str(own)
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    return own


class Uploads:
    """Refuses uploads of many files, and keeps the folder small: the oldest ones go first."""

    def __init__(self, app: ASGIApp):
        self.app, self.tidied = app, 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        uploads = scope["method"] == "POST" and scope["path"].rstrip("/").endswith("/upload")
        if uploads:
            body = await whole(receive)
            if body is None:
                return
            if parts(dict(scope["headers"]).get(b"content-type", b""), body) > MOST_PARTS:
                return await refusal(scope, 413, UserError("many_files", limit=MOST_PARTS))(scope, receive, send)
            receive = replayed(body, receive)

        async def tidied(message: Message) -> None:  # before the answer: what was uploaded is there by then
            if message["type"] == "http.response.start" and (uploads or time.monotonic() - self.tidied > TIDY_SECONDS):
                self.tidied = time.monotonic()
                await run_in_threadpool(tidy, folder())
            await send(message)

        await self.app(scope, receive, tidied)


def parts(content_type: bytes, body: bytes) -> int:
    """How many parts a multipart body has at most."""
    boundary = re.search(rb'boundary="?([^";,]+)', content_type, re.IGNORECASE)
    return body.count(b"--" + boundary[1].strip()) if boundary else 0


def tidy(own: Path) -> None:
    """Removes what is older than KEEP_SECONDS, and the oldest of what is more than MOST_FILES or MOST_BYTES."""
    found = []
    for path in own.iterdir():  # a folder for each upload; a file that came in half
        with contextlib.suppress(OSError):  # gone meanwhile
            found.append((path.stat().st_mtime, size_of(path), path))
    found.sort(reverse=True)
    total = 0
    for place, (written, size, path) in enumerate(found):
        total += size
        if place >= MOST_FILES or total > MOST_BYTES or time.time() - written > KEEP_SECONDS:
            with contextlib.suppress(OSError):
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def size_of(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else (path,)
    return sum(file.stat().st_size for file in files)
