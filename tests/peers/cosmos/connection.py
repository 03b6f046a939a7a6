"""HTTP for the peer: uvicorn's connections, each request answered in one go when it has come.

What uvicorn does besides (a task, a scope and an event for each request, two packets for each
answer, the end of connections that idle for five seconds) takes longer than most answers.
"""

import logging
import urllib.parse
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_BODILESS = (204, 304)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, its headers' names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out."""

    status: int
    headers: dict[str, str]
    body: bytes


class Answering(Protocol):
    """Who answers: at once, or later if that gives none."""

    def at_once(self, asked: Asked) -> Answer | None: ...
    async def later(self, asked: Asked) -> Answer: ...


class Connection(HttpToolsProtocol):
    """One client's connection, whose requests come one after the other."""

    def on_message_begin(self) -> None:
        self.url = b""
        self._said: dict[str, str] = {}
        self._body = b""

    def on_header(self, name: bytes, value: bytes) -> None:
        self._said[name.decode().lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Wait for the body."""

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        path = urllib.parse.unquote(self.url.decode().partition("?")[0])
        asked = Asked(self.parser.get_method().decode(), path, self._said, self._body)
        keeps = self.parser.should_keep_alive()
        peer = cast("Answering", self.app)
        try:
            answer = peer.at_once(asked)
        except Exception:  # noqa: BLE001 - ours: to be seen, as what it is
            _log.exception("%s %s", asked.method, path)
            answer, keeps = Answer(500, {}, b""), False
        if answer is not None:
            self._send(answer, keeps=keeps)
            return
        task = self.loop.create_task(self._later(peer, asked, keeps=keeps))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _later(self, peer: Answering, asked: Asked, *, keeps: bool) -> None:
        self._send(await peer.later(asked), keeps=keeps)

    def _send(self, answer: Answer, *, keeps: bool) -> None:
        if self.transport.is_closing():
            return
        lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        if answer.status not in _BODILESS:
            lines.append(f"content-length: {len(answer.body)}")
        if not keeps:
            lines.append("connection: close")
        self.transport.write("\r\n".join((*lines, "", "")).encode("latin-1") + answer.body)
        if not keeps:
            self.transport.close()
