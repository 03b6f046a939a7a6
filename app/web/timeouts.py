"""By when a request is answered: the service's bound, or a shorter one of the client's.

Whatever is asked on its behalf ends by then (`core/deadlines`), and the client is told 503. Uploads
have no such end: what is slow about them is the client.
"""

import re
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from app.core import deadlines
from app.core.errors import InvalidInputError
from app.web import preferences
from app.web.problems.wording import ILL_FORMED
from app.web.services import Limits, services_of

Handler = Callable[[Request], Awaitable[Response]]
PATTERN = r"^([1-9][0-9]{0,3}(\.[0-9]{1,3})?|0\.[1-9][0-9]{0,2})$"
_HEADER = b"request-timeout"
_ILL_FORMED = "eva.ill-timed"  # set in the scope
_SECONDS = re.compile(PATTERN)


def bounded(handle: Handler) -> Handler:
    """Return what answers in time, or not at all."""

    async def answer(request: Request) -> Response:
        seconds = _seconds(request)
        if seconds is None:
            return await handle(request)
        with deadlines.within(seconds):
            return await handle(request)

    return answer


def require_well_formed(scope: Scope) -> None:
    """Raise InvalidInputError for a header that is none: told to whoever is known only."""
    if scope.get(_ILL_FORMED):
        raise InvalidInputError(pointer="header:Request-Timeout", reason=ILL_FORMED)


def _seconds(request: Request) -> float | None:
    """Return how long a request may take; None if nobody said."""
    limits = services_of(request).limits
    for name, value in request.scope["headers"]:
        if name == _HEADER:
            return _shorter(value.decode("latin-1"), limits, request)
    return None if limits.request_s is None else _usual(limits.request_s, limits, request)


def _shorter(given: str, limits: Limits, request: Request) -> float | None:
    usual = None if limits.request_s is None else _usual(limits.request_s, limits, request)
    if not _SECONDS.fullmatch(given):
        request.scope[_ILL_FORMED] = True
        return usual
    return float(given) if usual is None else min(float(given), usual)


def _usual(seconds: float, limits: Limits, request: Request) -> float:
    """Return the service's bound; who would rather wait than poll has that time besides."""
    return seconds + preferences.wait_s(request.headers, limits.max_wait_s)
