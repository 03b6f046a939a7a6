"""By when a request is answered: the service's bound, or a shorter one of the client's.

Whatever is asked on its behalf ends by then (`core/deadlines`), and the client is told 503. Uploads
have no such end: what is slow about them is the client.
"""

import re
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from app.core import deadlines
from app.core.errors import InvalidInputError
from app.web import preferences
from app.web.problems.wording import ILL_FORMED
from app.web.services import Limits, services_of

Handler = Callable[[Request], Awaitable[Response]]
PATTERN = r"^([1-9][0-9]{0,3}(\.[0-9]{1,3})?|0\.[1-9][0-9]{0,2})$"
_HEADER = b"request-timeout"
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


def _seconds(request: Request) -> float | None:
    """Return how long a request may take; None if nobody said. InvalidInputError."""
    limits = services_of(request).limits
    for name, value in request.scope["headers"]:
        if name == _HEADER:
            return _shorter(value.decode("latin-1"), limits, request)
    return None if limits.request_s is None else _usual(limits.request_s, limits, request)


def _shorter(given: str, limits: Limits, request: Request) -> float:
    if not _SECONDS.fullmatch(given):
        raise InvalidInputError(pointer="header:Request-Timeout", reason=ILL_FORMED)
    seconds = float(given)
    if limits.request_s is None:
        return seconds
    return min(seconds, _usual(limits.request_s, limits, request))


def _usual(seconds: float, limits: Limits, request: Request) -> float:
    """Return the service's bound; who would rather wait than poll has that time besides."""
    return seconds + preferences.wait_s(request.headers, limits.max_wait_s)
