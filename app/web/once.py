"""The Idempotency-Key header: a POST sent again is answered again, not done again.

Only success is remembered. A refusal changes nothing, so its key is free again; after a fault
the next request with the key takes over with the same ids.
"""

import contextlib
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.core import idempotency
from app.core.errors import EvaError, InvalidInputError
from app.core.idempotency import Reply, Turn
from app.core.models import IdempotentCall
from app.web.answers import Answer, Retold
from app.web.event_stream import EventStream
from app.web.problems.rendering import entry_of
from app.web.problems.wording import ILL_FORMED
from app.web.services import PRINCIPAL, SEED, services_of

HEADER = "idempotency-key"
REPLAYED = "Idempotency-Replayed"
_KEY = re.compile(r'"[\x20\x21\x23-\x7e]{1,255}"|[\x21\x23-\x7e]{1,255}')
_KEPT_HEADERS = frozenset({"content-type", "etag", "location", "retry-after", "preference-applied"})
_FAULT = 500


async def answer(request: Request, handle: Callable[[Request], Awaitable[Response]]) -> Response:
    """Answer a POST whose body is in memory: for the first time, or again."""
    fingerprint = fingerprint_of(request, await request.body())
    turn = await begin(request, fingerprint)
    if isinstance(turn, IdempotentCall):
        return await _again(request, turn, handle)
    async with taking(request, turn):
        response = await handle(request)
        await remember(turn, response, fingerprint)
        return response


async def _again(
    request: Request, call: IdempotentCall, handle: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Replay an answer; one that was not kept is told again from what the first request made."""
    if call.body is not None:
        return replay(call)
    request.scope[SEED] = call.seed
    response = await handle(request)
    response.headers[REPLAYED] = "true"
    return response


async def begin(request: Request, fingerprint: str = "") -> Turn | IdempotentCall:
    """Return the turn to do what is asked, or the call whose answer is to be replayed."""
    given = request.headers[HEADER]
    if not _KEY.fullmatch(given):
        raise InvalidInputError(pointer="header:Idempotency-Key", reason=ILL_FORMED)
    ports, principal = services_of(request).ports, request.scope[PRINCIPAL]
    return await idempotency.begin(ports, principal, given.strip('"'), fingerprint)


@contextlib.asynccontextmanager
async def taking(request: Request, turn: Turn) -> AsyncIterator[None]:
    """Hold a turn for the duration of the context; what ends it decides what becomes of it."""
    request.scope[SEED] = turn.seed
    try:
        async with idempotency.alive(turn):
            yield
    except BaseException as error:
        await (turn.forget() if _is_refusal(error) else turn.release())
        raise


def _is_refusal(error: BaseException) -> bool:
    if isinstance(error, EvaError):
        return entry_of(error).status < _FAULT
    return isinstance(error, RequestValidationError | HTTPException)


def fingerprint_of(request: Request, *content: bytes) -> str:
    """Return what tells this request from another under the same key."""
    digest = hashlib.sha256()
    for part in (
        request.method.encode(),
        request.url.path.encode(),
        request.scope["query_string"],
        *content,
    ):
        digest.update(len(part).to_bytes(8) + part)
    return digest.hexdigest()


async def remember(turn: Turn, response: Response, fingerprint: str) -> None:
    """Keep an answer before it is sent."""
    headers = {name: value for name, value in response.headers.items() if name in _KEPT_HEADERS}
    await turn.finish(Reply(response.status_code, headers, _kept(response)), fingerprint)


def _kept(response: Response) -> str | None:
    if isinstance(response, Retold | EventStream):
        return None
    body = response.kept if isinstance(response, Answer) else bytes(response.body)
    return body.decode()


def replay(call: IdempotentCall) -> Response:
    """Return the first answer again."""
    headers = {**call.headers, REPLAYED: "true"}
    return Response((call.body or "").encode(), call.status or 200, headers)
