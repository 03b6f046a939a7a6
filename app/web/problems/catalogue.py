"""The one table of problems: which HTTP status each error is, and what is said of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.core import errors as core
from app.core.errors import EvaError
from app.web import errors as web
from app.web.languages import Language
from app.web.problems.english import ENGLISH
from app.web.problems.french import FRENCH
from app.web.problems.said import Said

STATUSES: Mapping[type[EvaError], int] = {
    EvaError: 500,
    core.NotFoundError: 404,
    core.GoneError: 410,
    core.InvalidInputError: 422,
    core.BadCursorError: 400,
    core.UnauthenticatedError: 401,
    core.ForbiddenError: 403,
    core.RoleError: 403,
    core.RateLimitedError: 429,
    core.BudgetExceededError: 429,
    core.StaleEtagError: 412,
    core.PreconditionRequiredError: 428,
    core.ConflictError: 409,
    core.IdempotencyMismatchError: 422,
    core.IdempotencyBusyError: 409,
    core.TooLargeError: 413,
    core.UnsupportedTypeError: 415,
    core.NotReadyError: 425,
    core.QueryFailedError: 409,
    core.UnavailableError: 503,
    core.OverloadedError: 503,
    core.StorageFullError: 507,
    core.LeaseLostError: 503,
    core.ExtractionFailedError: 422,
    web.RouteNotFoundError: 404,
    web.MethodNotAllowedError: 405,
    web.BadRequestError: 400,
    web.MalformedBodyError: 400,
    web.UnsupportedMediaTypeError: 415,
    web.NotAcceptableError: 406,
    web.RangeNotSatisfiableError: 416,
    web.SlowRequestError: 408,
    web.UnsupportedEncodingError: 415,
    web.WrongHostError: 421,
    web.HttpsRequiredError: 403,
    web.HeadTooLargeError: 431,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One kind of problem."""

    code: str
    status: int
    said: Mapping[Language, Said]


CATALOGUE: Mapping[str, Entry] = {
    error.code: Entry(error.code, status, {"en": ENGLISH[error.code], "fr": FRENCH[error.code]})
    for error, status in STATUSES.items()
}
