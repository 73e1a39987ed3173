"""Files of data sets: found and checked, or fetched from their public home, whole and checked, or not at all.

A file counts if its SHA-256 is the one that this project knows, or the one that its folder's SHA256SUMS vouches for: the
output of `sha256sum`, written by hand for a copy that somebody trusts, or by us for what came from a home that renews it.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import random
import shlex
import shutil
import socket
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from genai.errors import UserError

SUMS = "SHA256SUMS"
DIGITS = 16  # of a checksum, that are kept and compared
TIMEOUT = 30.0  # seconds without a byte
PAUSES = (2.0, 8.0)  # seconds before the second and the third attempt
PART = ".download"  # ends the name of what is on its way
FORGOTTEN = 3600.0  # seconds after which nobody writes to such a file any more


_offline: ContextVar[bool] = ContextVar("offline", default=False)


@contextlib.contextmanager
def offline() -> Iterator[None]:
    """Nothing is downloaded within; what is missing raises UserError("data_absent")."""
    token = _offline.set(True)
    try:
        yield
    finally:
        _offline.reset(token)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:DIGITS]


@dataclass(frozen=True)
class Source:
    """A file: where it lies, its public homes, the first of them first, and how it is known.

    known: first DIGITS of its SHA-256.
    unpack: what makes the file of what its home sends.  digest, expected: how that is known where the home renews what
        does not matter; else by `known`.
    """

    dataset: str
    path: Path
    homes: tuple[str, ...]
    known: str
    unpack: Callable[[bytes], bytes] = bytes
    digest: Callable[[bytes], str] = sha256
    expected: str = ""


def read(source: Source) -> bytes:
    """The file's content, checked; fetched first where it is missing.

    Raises UserError: neither there nor to be had; or it is not the file that we know (both checksums, what to do)."""
    if not source.path.exists():
        _fetch(source)
    try:
        content = source.path.read_bytes()
        trusted = vouched(source.path.parent).get(source.path.name, source.known)
    except OSError as error:
        raise unreadable(source.dataset, source.path, error) from error
    if sha256(content) not in (trusted, source.known):
        raise damaged(source.dataset, source.path, content, trusted)
    return content


def read_text(source: Source) -> str:
    """As `read`, in UTF-8 with line ends of one character."""
    try:
        return read(source).decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise unreadable(source.dataset, source.path, error) from error


# -- checksums -----------------------------------------------------------------------------------------------


def vouched(folder: Path) -> dict[str, str]:
    """What the folder's SHA256SUMS says: name -> first digits of the checksum."""
    with contextlib.suppress(FileNotFoundError):
        lines = (folder / SUMS).read_text(encoding="utf-8", errors="replace").splitlines()
        rows = [line.split(maxsplit=1) for line in lines if line.strip()]
        return {row[-1].lstrip("*").removeprefix("./"): row[0].lower()[:DIGITS] for row in rows}
    return {}


def vouch(path: Path, content: bytes | None = None) -> None:
    """Say in the folder's SHA256SUMS that the file at `path` (to be, with `content`) is as it should be."""
    content = path.read_bytes() if content is None else content
    with (path.parent / SUMS).open("a", encoding="utf-8") as sums:
        sums.write(f"{hashlib.sha256(content).hexdigest()}  {path.name}\n")


def write_noise(path: Path, length: int) -> None:
    """A file of so many of 65 characters at random, that its folder vouches for."""
    characters = random.Random(path.name).choices("\n" + "".join(map(chr, range(32, 96))), k=length)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(characters), encoding="utf-8")
    vouch(path)


def damaged(dataset: str, path: Path, content: bytes, known: str) -> UserError:
    """The error for a file that is another than we know: which, its checksums, and both ways out as commands."""
    return UserError(
        "data_damaged", dataset=dataset, place=str(path), size=f"{len(content):,}", known=known, found=sha256(content),
        delete=_delete(path), vouch=_vouch(path),
    )  # fmt: skip


def unreadable(dataset: str, path: Path, cause: Exception) -> UserError:
    """The error for a file that is there and cannot be read."""
    return UserError("data_unreadable", dataset=dataset, place=str(path), cause=first_line(cause), delete=_delete(path))


def missing(dataset: str, place: Path, home: str, cause: Exception) -> UserError:
    """The error for data that is not there and cannot be fetched, or not be put there: names the ways to get it."""
    if not _of_the_network(cause):
        return UserError("data_unwritable", dataset=dataset, place=str(place), cause=first_line(cause))
    return UserError("data_missing", dataset=dataset, place=str(place), home=home, cause=first_line(cause))


def first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


def _delete(path: Path) -> list[str]:  # commands are lists of one: those are never cut
    return [shlex.join(["rm", str(path)])]


def _vouch(path: Path) -> list[str]:
    return [f"cd {shlex.quote(str(path.parent))} && sha256sum {shlex.quote(path.name)} >> {SUMS}"]


# -- downloads -----------------------------------------------------------------------------------------------


def _fetch(source: Source) -> None:
    expected, part = (
        source.expected or source.known,
        source.path.with_name(f"{source.path.name}.{os.getpid()}.whole{PART}"),
    )
    try:
        with fetched(source.homes, source.path) as sent:
            try:
                content = source.unpack(sent.read_bytes())
                found = source.digest(content)
            except Exception as error:  # an archive that is none, a text in another encoding: many ways
                content, found = b"", first_line(error)
            if found != expected:
                raise UserError(
                    "data_changed", dataset=source.dataset, home=source.homes[0], known=expected, found=found,
                    place=str(source.path), vouch=_vouch(source.path),
                )  # fmt: skip
            part.write_bytes(content)
            if source.expected:
                vouch(source.path, content)
            part.replace(source.path)
    except UserError:
        raise
    except (OSError, http.client.HTTPException) as error:
        raise missing(source.dataset, source.path, source.homes[0], error) from error
    finally:
        with contextlib.suppress(OSError):  # not made, most often
            part.unlink()


@contextlib.contextmanager
def fetched(homes: tuple[str, ...], target: Path) -> Iterator[Path]:
    """What the first home that answers has, whole, in a file beside `target` that is gone afterwards, however that ends.

    A file of a home's name that somebody put there is taken instead, and stays. Each home is asked up to three times. Raises
    OSError or HTTPException with the last home's reason."""
    by_hand = (target.with_name(home.rpartition("/")[2]) for home in homes)
    if brought := next((path for path in by_hand if path != target and path.is_file()), None):
        yield brought
        return
    if _offline.get():
        raise UserError("data_absent", place=str(target), home=homes[0])
    target.parent.mkdir(parents=True, exist_ok=True)
    for old in target.parent.glob(f"{target.name}.*{PART}"):  # of a process that was killed
        with contextlib.suppress(OSError):
            if time.time() - old.stat().st_mtime > FORGOTTEN:
                shutil.rmtree(old) if old.is_dir() else old.unlink()
    part = target.with_name(f"{target.name}.{os.getpid()}{PART}")
    try:
        for home in homes:
            try:
                _download(home, part)
                break
            except (OSError, http.client.HTTPException) as error:
                if not _of_the_network(error) or home == homes[-1]:
                    raise
        yield part
    finally:
        part.unlink(missing_ok=True)


def _download(url: str, part: Path) -> None:
    for pause in (*PAUSES, None):
        try:
            return _download_once(url, part)
        except (OSError, http.client.HTTPException) as error:
            if pause is None or not _may_pass(error):
                raise
            tqdm.write(f"{url}: {first_line(error)}; again in {pause:g} s", file=sys.stderr)
            time.sleep(pause)


def _download_once(url: str, part: Path) -> None:
    request = urllib.request.Request(url, headers={"User-Agent": "genai"})
    with contextlib.ExitStack() as stack:
        answer = stack.enter_context(urllib.request.urlopen(request, timeout=TIMEOUT))
        size = int(answer.headers.get("Content-Length") or 0)
        file = stack.enter_context(part.open("wb"))
        name = url.rpartition("/")[2]
        bar = stack.enter_context(
            tqdm(total=size or None, unit="B", unit_scale=True, desc=name, leave=False, disable=None)
        )
        while chunk := answer.read(1 << 18):
            file.write(chunk)
            bar.update(len(chunk))
        if file.tell() < size:
            raise ConnectionError(f"the connection broke off after {file.tell():,} of {size:,} bytes")


def _of_the_network(error: Exception) -> bool:
    """Not of this machine's disk."""
    kinds = (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError, ssl.SSLError,
             socket.gaierror)  # fmt: skip
    return isinstance(error, kinds)


def _may_pass(error: Exception) -> bool:
    """Worth another attempt: neither a page that is not there, nor no network at all."""
    if isinstance(error, urllib.error.HTTPError):
        return error.code in (408, 425, 429) or error.code >= 500
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    return _of_the_network(error) and not isinstance(cause, socket.gaierror)
