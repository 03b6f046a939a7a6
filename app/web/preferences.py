"""The Prefer header (RFC 7240): `wait=N`, `return=representation`."""

from starlette.datastructures import Headers

from app.core import deadlines

_MOST = 20
_TELLING_S = 0.5  # of a request's time, to tell how far it came


def wait_s(headers: Headers, most: float) -> float:
    """Return for how long the client would rather wait than poll, in seconds; 0 if not at all.

    Where there is less time, what there is is waited, so that the client is told something.
    """
    value = _preferences(headers).get("wait", "")
    if not value.isdecimal():
        return 0.0
    left = deadlines.remaining()
    return min(float(value), most, most if left is None else max(0.0, left - _TELLING_S))


def wants_representation(headers: Headers) -> bool:
    """Tell whether the client wants to be shown the result of the change."""
    return _preferences(headers).get("return") == "representation"


def _preferences(headers: Headers) -> dict[str, str]:
    parts = ",".join(headers.getlist("prefer")).split(",")[:_MOST]
    found: dict[str, str] = {}
    for part in parts:
        name, _, value = part.partition(";")[0].partition("=")
        found.setdefault(name.strip().lower(), value.strip().strip('"'))
    return found
