"""What can be wrong with a request as HTTP, before any use case is asked."""

from app.core.errors import EvaError


class RouteNotFoundError(EvaError):
    """No operation has this path."""

    code = "route-not-found"


class MethodNotAllowedError(EvaError):
    """The path exists, but not with this method."""

    code = "method-not-allowed"


class BadRequestError(EvaError):
    """The request is not well-formed HTTP in some way that has no code of its own."""

    code = "bad-request"


class MalformedBodyError(EvaError):
    """The body is not what its Content-Type says: broken JSON, a broken multipart message."""

    code = "malformed-body"


class UnsupportedMediaTypeError(EvaError):
    """The body's Content-Type is not one that the operation reads; fact: `expected`."""

    code = "unsupported-media-type"


class NotAcceptableError(EvaError):
    """No media type that the client accepts can be given; fact: `offered`."""

    code = "not-acceptable"


class RangeNotSatisfiableError(EvaError):
    """The range asked for lies outside of the content; fact: `size_bytes`."""

    code = "range-not-satisfiable"


class UnsupportedEncodingError(EvaError):
    """The body is compressed: how far it would unfold is not known beforehand."""

    code = "unsupported-encoding"


class WrongHostError(EvaError):
    """The Host header names no host of this service."""

    code = "wrong-host"


class HttpsRequiredError(EvaError):
    """The request came over plain HTTP."""

    code = "https-required"


class HeadTooLargeError(EvaError):
    """The request line and headers are too long; fact: `limit_bytes`."""

    code = "head-too-large"


class SlowRequestError(EvaError):
    """The client stopped sending, or sends too slowly."""

    code = "slow-request"
