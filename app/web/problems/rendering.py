"""Errors as RFC 9457 problems: `application/problem+json` in the client's language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NotRequired

import orjson
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope
from typing_extensions import TypedDict

from app.core.errors import EvaError
from app.web import languages
from app.web.languages import Language
from app.web.problems import wording
from app.web.problems.catalogue import CATALOGUE, Entry

MEDIA_TYPE = "application/problem+json"
REQUEST_ID = "eva.request_id"  # set in the scope by `edge.Edge`
_RETRY_CODES = {"not-ready": 1, "unavailable": 2, "lease-lost": 1, "idempotency-in-flight": 1}
MAX_ERRORS = 20


class FieldError(TypedDict):
    """One refused value."""

    pointer: str
    detail: str


class Problem(TypedDict):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    errors: NotRequired[list[FieldError]]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused value: where (`body`, `query`, `path`, `header`), which, and pydantic's why."""

    part: str
    path: tuple[str | int, ...]
    kind: str
    context: Mapping[str, object]


def language_of(scope: Scope) -> Language:
    """Return the language that the request asks for."""
    return languages.negotiated(Headers(scope=scope).get("accept-language"))


def problem(
    scope: Scope, error: EvaError, language: Language, refused: Sequence[Refusal] = ()
) -> Problem:
    """Return the body of a problem."""
    entry = CATALOGUE.get(error.code, CATALOGUE[EvaError.code])
    said = entry.said[language]
    body = Problem(
        type=f"/problems/{entry.code}",
        title=said.title,
        status=entry.status,
        detail=_filled(said.detail, error.facts, language),
        instance=_path(scope),
        code=entry.code,
        request_id=str(scope.get(REQUEST_ID, "")),
    )
    if found := [*_refusals(refused, language), *_reasons(error, language)]:
        body["errors"] = found[:MAX_ERRORS]
    return body


def respond(
    scope: Scope,
    error: EvaError,
    *,
    refused: Sequence[Refusal] = (),
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, object] | None = None,
) -> Response:
    """Return an error as a response; `more` are further members of the problem."""
    language = language_of(scope)
    body = problem(scope, error, language, refused)
    return Response(
        orjson.dumps({**body, **(more or {})}),
        status_code=body["status"],
        media_type=MEDIA_TYPE,
        headers={
            "Content-Language": language,
            "Vary": "Accept-Language",
            **_headers(error),
            **(headers or {}),
        },
    )


def entry_of(error: EvaError) -> Entry:
    """Return the catalogue's entry of an error."""
    return CATALOGUE.get(error.code, CATALOGUE[EvaError.code])


def pointer(part: str, path: Sequence[str | int]) -> str:
    """Return a JSON pointer into the body, or `part:name` into another part of the request."""
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
    inside = "".join(f"/{step}" for step in steps)
    return inside if part == "body" else f"{part}:{inside.removeprefix('/')}"


def _refusals(refused: Sequence[Refusal], language: Language) -> list[FieldError]:
    return [
        FieldError(
            pointer=pointer(one.part, one.path),
            detail=wording.of_type(one.kind, one.context, language),
        )
        for one in refused
    ]


def _reasons(error: EvaError, language: Language) -> list[FieldError]:
    where, reason = error.facts.get("pointer"), error.facts.get("reason")
    if where is None or reason is None:
        return []
    return [FieldError(pointer=str(where), detail=wording.of_reason(str(reason), language))]


def _filled(detail: str, facts: Mapping[str, object], language: Language) -> str:
    values = {name: str(value) for name, value in facts.items()}
    if "reason" in values:
        values["reason"] = wording.of_reason(values["reason"], language)
    return detail.format_map(_OrDash(values))


class _OrDash(dict[str, str]):
    """Fills a fact that an error did not give with a question mark."""

    def __missing__(self, _: str) -> str:
        return "?"


def _headers(error: EvaError) -> dict[str, str]:
    headers: dict[str, str] = {}
    seconds = error.facts.get("retry_after", _RETRY_CODES.get(error.code))
    if isinstance(seconds, int | float):
        headers["Retry-After"] = str(max(1, round(seconds)))
    if error.code == "unauthenticated":
        headers["WWW-Authenticate"] = 'Bearer realm="eva"'
    if error.code == "slow-request":
        headers["Connection"] = "close"  # RFC 9110, section 15.5.9
    if error.code == "unsupported-encoding":
        headers["Accept-Encoding"] = "identity"  # RFC 9110, section 12.5.3
    if error.code == "range-not-satisfiable":
        headers["Content-Range"] = f"bytes */{error.facts.get('size_bytes', '*')}"
    return headers


def _path(scope: Scope) -> str:
    raw = scope.get("raw_path") or b""
    return raw.split(b"?")[0].decode("latin-1") or "/"
