"""The Prefer header (RFC 7240): `wait=N`, `return=representation`."""

from starlette.datastructures import Headers

_MOST = 20


def wait_s(headers: Headers, most: float) -> float:
    """Return for how long the client would rather wait than poll, in seconds; 0 if not at all."""
    value = _preferences(headers).get("wait", "")
    return min(float(value), most) if value.isdecimal() else 0.0


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
