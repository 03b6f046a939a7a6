"""The commands' way to a server: plain HTTP, problems turned into `RefusedError`."""

import json
import math
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

import httpx2

from app.cli.refusal import RefusedError
from app.settings import ClientSettings

_TIMEOUT = httpx2.Timeout(90.0, connect=5.0)
_BUSY = frozenset({429, 503})
_TRIES = 5
_LONGEST_PAUSE_S = 30.0
_FIRST_ERROR = 400


class Client:
    """A connection to one server. A context manager."""

    def __init__(self, settings: ClientSettings) -> None:
        headers = {"X-API-Key": settings.api_key} if settings.api_key else {}
        self._url = settings.url
        self._http = httpx2.Client(base_url=settings.url, headers=headers, timeout=_TIMEOUT)

    def __enter__(self) -> Self:
        """Return itself; connections are opened when needed."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close every connection."""
        self._http.close()

    def get(self, path: str, **params: Any) -> Any:  # noqa: ANN401 - JSON
        """Return what a GET answers."""
        return self.call("GET", path, params=params)

    def call(self, method: str, path: str, **request: Any) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON of an answer, None if it has no body; raises RefusedError.

        A busy server is asked again after the pause that it names.
        """
        return _content(self.send(method, path, **request))

    def send(self, method: str, path: str, **request: Any) -> httpx2.Response:  # noqa: ANN401
        """Return the whole answer; raises RefusedError."""
        headers = request.pop("headers", {})
        if method == "POST":
            headers = {"Idempotency-Key": str(uuid.uuid4()), **headers}
        for _ in range(_TRIES):
            with self._reaching():
                answer = self._http.request(method, path, headers=headers, **request)
            pause = _pause(answer)
            if answer.status_code not in _BUSY or pause > _LONGEST_PAUSE_S:
                break
            time.sleep(pause)
        if answer.status_code >= _FIRST_ERROR:
            raise refusal(answer)
        return answer

    def pages(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
        """Yield the items of a list, page after page."""
        page = self.get(path, limit=100, **params)
        yield from page["items"]
        while cursor := page["next_cursor"]:
            page = self.get(path, limit=100, cursor=cursor, **params)
            yield from page["items"]

    def events(self, path: str, body: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the name and data of each server-sent event that a POST answers with."""
        headers = {"Accept": "text/event-stream", "Idempotency-Key": str(uuid.uuid4())}
        with (
            self._reaching(),
            self._http.stream("POST", path, json=dict(body), headers=headers) as answer,
        ):
            if answer.status_code >= _FIRST_ERROR:
                answer.read()
                raise refusal(answer)
            yield from _events(answer.iter_lines())

    def lines(self, path: str, **params: Any) -> Iterator[str]:  # noqa: ANN401
        """Yield the lines that a GET answers with, as they come."""
        with self._reaching(), self._http.stream("GET", path, params=params) as answer:
            if answer.status_code >= _FIRST_ERROR:
                answer.read()
                raise refusal(answer)
            yield from answer.iter_lines()

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except httpx2.HTTPError as error:
            raise RefusedError(
                title="No answer",
                detail=f"{self._url} did not answer ({type(error).__name__}). "
                "Start a server with `eva serve`, or name another in EVA_URL.",
                code="unreachable",
            ) from error


def _pause(answer: httpx2.Response) -> float:
    """Return how many seconds a busy server asks to be left alone; endless if it does not say."""
    said = answer.headers.get("Retry-After", "")
    return float(said) if said.isdecimal() else math.inf


def _content(answer: httpx2.Response) -> Any:  # noqa: ANN401 - JSON
    return answer.json() if answer.content else None


def _events(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    name, data = "message", []
    for line in lines:
        field, _, value = line.partition(":")
        if field == "event":
            name = value.strip()
        elif field == "data":
            data.append(value.removeprefix(" "))
        elif not line:
            if data:
                yield name, json.loads("\n".join(data))
            name, data = "message", []


def refusal(answer: httpx2.Response) -> RefusedError:
    """Return the problem that an answer tells of."""
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    known = problem if isinstance(problem, dict) else {}
    return RefusedError(
        title=str(known.get("title", answer.reason_phrase or "Refused")),
        detail=str(known.get("detail", f"the server answered {answer.status_code}")),
        code=str(known.get("code", f"http-{answer.status_code}")),
        request_id=known.get("request_id") or answer.headers.get("X-Request-Id"),
        status=answer.status_code,
        errors=tuple(known.get("errors") or ()),
    )
