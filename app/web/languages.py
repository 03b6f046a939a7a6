"""Which of the two official languages a client wants to read."""

from typing import Literal, TypeAlias

Language: TypeAlias = Literal["en", "fr"]
_MAX_RANGES = 20


def negotiated(accept_language: str | None) -> Language:
    """Return the language that an Accept-Language header prefers; English when in doubt."""
    if not accept_language:
        return "en"
    weights: dict[str, float] = {}
    for part in accept_language.split(",")[:_MAX_RANGES]:
        tag, _, parameters = part.partition(";")
        primary = tag.strip().lower().partition("-")[0]
        weight = quality(parameters)
        if primary in ("en", "fr", "*"):
            weights[primary] = max(weights.get(primary, 0.0), weight)
    anything = weights.get("*", 0.0)
    french, english = weights.get("fr", anything), weights.get("en", anything)
    return "fr" if french > english else "en"


def quality(parameters: str) -> float:
    """Return the `q` among a header part's parameters, 1 if absent, 0 if unreadable."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name.strip().lower() == "q":
            return _number(value.strip())
    return 1.0


def _number(value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        return 0.0
    return number if 0 <= number <= 1 else 0.0
