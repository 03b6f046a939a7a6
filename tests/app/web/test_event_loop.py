"""Nothing that waits for a disk, a database or a name server runs on the event loop.

Exceptions: the embedded store makes short reads (docs/adr/0010-embedded-storage.md), and the
sandbox starts the process that reads documents, and opens the unnamed file that both share.
"""

import contextlib
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import httpx2
import pytest

import app
from tests.app.web.house import API, LEAVE, answered, new_document, new_space

EXCEPTIONS = {"adapters/embedded/reader.py", "adapters/embedded/blobs.py", "adapters/sandbox.py"}
APP = f"{Path(app.__file__).parent}/"
MODULES = ("sqlite3", "_sqlite3")
WAITING = {
    ("time", "sleep"),
    *((module, "open") for module in ("io", "_io", "posix")),
    *(("posix", name) for name in ("fsync", "fdatasync", "rename", "replace", "unlink", "mkdir")),
    *(("posix", name) for name in ("listdir", "scandir", "sendfile", "waitpid")),
    ("_socket", "getaddrinfo"),
    ("_posixsubprocess", "fork_exec"),
}


def waits(function: Any) -> bool:
    """Say whether a function written in C waits for something outside of this process."""
    owner = type(getattr(function, "__self__", None)).__module__
    module = function.__module__ or owner
    return owner in MODULES or module in MODULES or (module, function.__name__) in WAITING


def ours(frame: FrameType | None) -> str:
    """Return the file of the service that a call comes from."""
    while frame is not None and not frame.f_code.co_filename.startswith(APP):
        frame = frame.f_back
    return "" if frame is None else frame.f_code.co_filename.removeprefix(APP)


@contextlib.contextmanager
def watched() -> Iterator[list[tuple[str, str]]]:
    """Watch this thread, the event loop's; yields what waited, and from where it was called."""
    found: list[tuple[str, str]] = []

    def look(frame: FrameType, event: str, function: Any) -> None:
        if event == "c_call" and waits(function) and "importlib" not in frame.f_code.co_filename:
            found.append((function.__name__, ours(frame)))

    sys.setprofile(look)
    try:
        yield found
    finally:
        sys.setprofile(None)


async def whole_life(client: httpx2.AsyncClient) -> None:
    """Do what clients do, from a space to its end."""
    space_id = await new_space(client)
    document_id = await new_document(client, space_id)
    assert (await answered(client, space_id))["band"] == "answer"
    for path in ("spaces", f"spaces/{space_id}", f"documents/{document_id}", "audit/events"):
        assert (await client.get(f"{API}/{path}")).status_code == 200, path
    content = await client.get(f"{API}/documents/{document_id}/content")
    assert content.content == LEAVE
    assert (await client.delete(f"{API}/documents/{document_id}")).is_success
    assert (await client.delete(f"{API}/spaces/{space_id}")).is_success


async def test_nothing_that_a_client_does_makes_the_event_loop_wait(
    client: httpx2.AsyncClient,
) -> None:
    await whole_life(client)  # what is imported or opened once is so now
    with watched() as found:
        await whole_life(client)
    assert [(name, place) for name, place in found if place not in EXCEPTIONS] == []


@pytest.mark.parametrize(
    ("slow", "name"),
    [
        (lambda: time.sleep(0), "sleep"),
        (lambda: os.listdir("."), "listdir"),  # noqa: PTH208
        (lambda: open(os.devnull).close(), "open"),  # noqa: PTH123
        (lambda: sqlite3.connect(":memory:").close(), "close"),
    ],
)
def test_what_waits_would_be_seen(slow: Callable[[], object], name: str) -> None:
    with watched() as found:
        slow()
    assert name in [called for called, _ in found]
