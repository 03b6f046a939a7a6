"""What `eva doctor` looks at. Each check says what it found, and what to do if that is bad."""

import asyncio
import os
import platform
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from app.cli.connecting import client
from app.cli.refusal import RefusedError
from app.core.errors import EvaError, SetupError
from app.settings import ClientSettings, Settings, without_effect
from app.wiring import Ping, open_dependencies

_GIB = 1024**3
_ROOM = 1 * _GIB


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `remedy` says what to do about it, empty when all is well."""

    name: str
    found: str
    remedy: str = ""

    @property
    def bad(self) -> bool:
        """Tell whether something is to be done."""
        return bool(self.remedy)


def service(settings: Settings) -> Iterator[Finding]:
    """Look at what a service with these settings would need on this machine."""
    yield Finding("eva", f"{version('eva-api')} on Python {platform.python_version()}")
    if settings.backend == "azure":
        yield from asyncio.run(_dependencies(settings))
    else:
        yield _folder(settings.data_dir)
        yield _room(settings.data_dir)
        yield _sqlite()
        yield _embedder(settings)
    for name, reason in without_effect().items():
        yield Finding("settings", f"{name} has no effect: {reason}")


async def _dependencies(settings: Settings) -> list[Finding]:
    """Ask each service of Azure for something, all at once."""
    try:
        async with open_dependencies(settings) as pings:
            found = [_asked(name, ping) for name, ping in pings.items()]
            return list(await asyncio.gather(*found))
    except (EvaError, SetupError) as error:  # before there was anything to ask: the vault
        return [Finding("azure", str(error), "correct the settings, or wait for the key vault")]


async def _asked(name: str, ping: Ping) -> Finding:
    begun = time.perf_counter()
    try:
        await ping()
    except EvaError as error:
        remedy = "look at its address, network and role assignments; `eva azure init` makes it"
        return Finding(name, f"can't be used ({error.code})", remedy)
    return Finding(name, f"answers ({(time.perf_counter() - begun) * 1000:.0f} ms)")


def _folder(folder: Path) -> Finding:
    place = _existing(folder)
    where = f"{folder.absolute()}{'' if folder.exists() else ' (made at the first start)'}"
    if place.is_dir() and os.access(place, os.W_OK | os.X_OK):
        return Finding("data folder", where)
    return Finding(
        "data folder", f"{where} can't be written", "make it writable, or set EVA_DATA_DIR"
    )


def _room(folder: Path) -> Finding:
    free = shutil.disk_usage(_existing(folder)).free
    low = free < _ROOM
    return Finding("disk", f"{free / _GIB:.1f} GiB free", "make room" if low else "")


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest parent that is there."""
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    return place


def _sqlite() -> Finding:
    with closing(sqlite3.connect(":memory:")) as database:
        options = {row[0] for row in database.execute("PRAGMA compile_options")}
    full_text = "with" if "ENABLE_FTS5" in options else "without"
    return Finding("sqlite", f"{sqlite3.sqlite_version} {full_text} full-text search (FTS5)")


def _embedder(settings: Settings) -> Finding:
    from app.wiring import try_embedder

    try:
        model = asyncio.run(try_embedder(settings))
    except SetupError as error:
        return Finding("embedder", str(error), "correct EVA_EMBEDDER_DIR, or unset it")
    if model is None:
        return Finding("embedder", "none: questions match by words and spelling")
    languages = ", ".join(settings.embedder_languages)
    return Finding("embedder", f"{settings.embedder_dir} for {languages} (model {model[:12]})")


def server(settings: ClientSettings) -> Iterator[Finding]:
    """Look at the server that the commands would talk to."""
    steps: Mapping[str, Callable[[], Finding]] = {
        "server": lambda: _alive(settings),
        "key": lambda: _key(settings),
    }
    for name, look in steps.items():
        try:
            yield look()
        except RefusedError as refused:
            remedy = refused.detail if name == "server" else "set EVA_API_KEY to a valid key"
            yield Finding(name, f"{refused.title} ({refused.code})", remedy)
            return


def _alive(settings: ClientSettings) -> Finding:
    with client(settings) as asked:
        ready = asked.get("/readyz")
    checked = ", ".join(f"{name} {state}" for name, state in ready["checks"].items())
    return Finding("server", f"{settings.url} is ready ({checked})")


def _key(settings: ClientSettings) -> Finding:
    if settings.api_key is None:
        return Finding("key", "EVA_API_KEY is not set", "set it; the first start prints a key")
    with client(settings) as asked:
        asked.get("/api/v1/spaces", limit=1)
    return Finding("key", "accepted")
