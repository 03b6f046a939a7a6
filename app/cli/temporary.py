"""A server to talk to and a key to talk with, for a command that should just work.

What the environment names is used; what is missing is made for the duration: a server on a free
port and the same data folder, a key that expires within the hour.
"""

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from app.cli import operating
from app.cli.connecting import client
from app.cli.first_start import administrator_token
from app.cli.keys import EVERYDAY, expiry
from app.cli.refusal import RefusedError
from app.cli.screen import Screen
from app.settings import ClientSettings, Settings

if TYPE_CHECKING:
    from app.cli.client import Client

_STOP_S = 15


@contextmanager
def server(screen: Screen) -> Iterator["Client"]:
    """Lend a client of the server at EVA_URL, or of one started for the duration."""
    settings = ClientSettings.load()
    if answers(settings):
        with client(_with_key(settings)) as found:
            yield found
        return
    with started(screen) as url, client(_with_key(replace(settings, url=url))) as made:
        yield made


def answers(settings: ClientSettings) -> bool:
    """Tell whether anything answers at this address."""
    try:
        with client(settings) as asked:
            asked.get("/livez")
    except RefusedError as refused:
        return refused.status is not None
    return True


@contextmanager
def started(screen: Screen) -> Iterator[str]:
    """Run `eva serve` on a free port; yield its address."""
    if token := asyncio.run(administrator_token(Settings.load())):
        screen.note(f"administrator key of the new data folder, shown only now: {token}")
    command = [sys.executable, "-m", "app.cli", "serve", "--host", "127.0.0.1", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - us
        try:
            url = _address(process)
            screen.note(f"started a server for the duration: {url}")
            yield url
        finally:
            process.terminate()
            process.communicate(timeout=_STOP_S)


def _address(process: "subprocess.Popen[str]") -> str:
    """Return where the server says it listens; its own words on standard error if it can't."""
    for line in process.stdout or ():
        if said := re.search(r"http://\S+", line):
            return said[0]
    raise RefusedError("Not started", "the server stopped: see above", "not-started")


def _with_key(settings: ClientSettings) -> ClientSettings:
    if settings.api_key is not None:
        return settings
    wanted = {
        "name": "demo",
        "scopes": [scope.value for scope in EVERYDAY],
        "expires_at": expiry("1h"),
    }
    made = asyncio.run(operating.issue(Settings.load(), wanted))
    return replace(settings, api_key=made["token"])
