"""One run in a folder at a time.

The system itself holds the lock for the process, and frees it the moment that the process is gone, however it went; its
children (readers of data) do not have it. What stands in the file is for people: who holds it, since when.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import torch

from genai.checkpoint import sweep
from genai.errors import UserError
from genai.training.distributed import Group

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

LOCK = ".lock"


@contextlib.contextmanager
def only_run(folder: Path, group: Group, dry_run: bool = False) -> Iterator[None]:
    """The folder is this run's alone; all of its processes hear of it if it is not.

    dry_run: only look.  Raises UserError naming the process that has it; OSError where there can be no such folder.
    """
    with contextlib.ExitStack() as stack:
        problem = None
        try:
            if dry_run:
                check_free(folder)
            elif group.first:
                stack.enter_context(_held(folder))
        except (UserError, OSError) as error:
            problem = error
        refused = torch.tensor(float(problem is not None), device=group.device)
        group.sum([refused])
        if refused:
            raise problem or SystemExit(2)  # the first process says why
        yield


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a+", encoding="utf-8") as file:
        if not _take(file):
            raise _in_use(folder, file)
        try:
            file.truncate(0)
            json.dump(
                {"pid": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%Y-%m-%d %H:%M")}, file
            )
            file.flush()
            sweep(folder)
            yield
        finally:
            with contextlib.suppress(OSError):  # a full disk: then the error that matters is on its way
                file.truncate(0)


def check_free(folder: Path) -> None:
    """Writes nothing. Raises UserError where another process trains in the folder, OSError where there can be none."""
    place = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        code = errno.EACCES if place.is_dir() else errno.ENOTDIR
        raise OSError(code, os.strerror(code), str(place))
    with contextlib.suppress(FileNotFoundError), (folder / LOCK).open("r+", encoding="utf-8") as file:
        if not _take(file):
            raise _in_use(folder, file)


def _take(file: IO[str]) -> bool:
    """False where another process has the lock. (One process may take it twice, and loses it with the first file it closes.)"""
    if fcntl is None:
        return True
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # a file system without locks
        return True
    return True


def _in_use(folder: Path, file: IO[str]) -> UserError:
    file.seek(0)
    try:
        holder = json.loads(file.read())
        who = {key: str(holder[key]) for key in ("pid", "host", "since")}
    except (ValueError, TypeError, KeyError):  # it has just begun to write
        who = dict.fromkeys(("pid", "host", "since"), "?")
    return UserError("run_in_use", place=str(folder), **who)
