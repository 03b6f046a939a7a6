"""Which of the media types on offer a client wants (Accept, RFC 9110 section 12.5.1)."""

from collections.abc import Sequence

from app.web.errors import NotAcceptableError
from app.web.languages import quality

_MOST = 20


def chosen(accept: str | None, offered: Sequence[str]) -> str:
    """Return the offer that the header prefers, the first in doubt; NotAcceptableError."""
    if accept is None or not accept.strip():
        return offered[0]
    ranges = [_range(part) for part in accept.split(",")[:_MOST]]
    best = max(offered, key=lambda offer: _weight(ranges, offer))
    if _weight(ranges, best) == 0:
        raise NotAcceptableError(offered=", ".join(offered))
    return best


def _range(part: str) -> tuple[str, float]:
    name, _, parameters = part.partition(";")
    return name.strip().lower(), quality(parameters)


def _weight(ranges: Sequence[tuple[str, float]], offer: str) -> float:
    """Return the weight of the most specific range that covers the offer."""
    for name in (offer, f"{offer.partition('/')[0]}/*", "*/*"):
        weights = [weight for given, weight in ranges if given == name]
        if weights:
            return max(weights)
    return 0.0
