"""The faults there are, named and shaped as Toxiproxy's, and one more: a canned HTTP answer.

type        attributes                          what happens to the stream
latency     latency, jitter (ms)                each chunk comes later
bandwidth   rate (kB/s)                         no more than this goes through
timeout     timeout (ms, 0: never)              nothing goes through; then the connection is closed
reset_peer  timeout (ms)                        the connection is reset
limit_data  bytes                               the connection is cut after so many
http        status, headers, body, path         requests are answered by the proxy (upstream only)
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Stream = Literal["upstream", "downstream"]  # to the server; to the client
_NUMBERS: Mapping[str, tuple[str, ...]] = {
    "latency": ("latency", "jitter"),
    "bandwidth": ("rate",),
    "timeout": ("timeout",),
    "reset_peer": ("timeout",),
    "limit_data": ("bytes",),
    "http": ("status",),
}
_STREAMS: tuple[Stream, ...] = ("downstream", "upstream")
_BY_CHANCE = ("reset_peer", "http")


class RefusedError(Exception):
    """What was asked for makes no sense; the text says why."""


@dataclass(slots=True)
class Toxic:
    """One fault of a proxy; `hits` counts how often it struck."""

    name: str
    type: str
    stream: Stream
    toxicity: float = 1.0
    attributes: dict[str, Any] = field(default_factory=dict)
    hits: int = 0

    def number(self, name: str) -> float:
        """Return an attribute, 0 if it was not said."""
        return float(self.attributes.get(name, 0))

    def strikes(self) -> bool:
        """Tell whether it strikes this time, and count it."""
        struck = self.toxicity >= 1 or random.random() < self.toxicity  # noqa: S311 - chance
        self.hits += struck
        return struck

    def wants(self, request_line: str) -> bool:
        """Tell whether a canned answer is for this request."""
        return re.search(str(self.attributes.get("path", "")), request_line) is not None


def toxic(said: Mapping[str, Any]) -> Toxic:
    """Return the toxic described; raises RefusedError."""
    kind = str(said.get("type"))
    if kind not in _NUMBERS:
        raise RefusedError(f"type {kind!r} is none of {', '.join(_NUMBERS)}")
    stream = said.get("stream") or _STREAMS[kind == "http"]
    found: Stream | None = next((one for one in _STREAMS if one == stream), None)
    if found is None or (kind == "http" and found != "upstream"):
        raise RefusedError(f"{kind} does not work on stream {stream!r}")
    toxicity = float(said.get("toxicity", 1))
    if toxicity < 1 and kind not in _BY_CHANCE:
        raise RefusedError(f"{kind} strikes always: only {' and '.join(_BY_CHANCE)} may by chance")
    attributes = dict(said.get("attributes") or {})
    for name in _NUMBERS[kind]:
        if not isinstance(attributes.get(name, 0), int | float):
            raise RefusedError(f"{name} of {kind} is a number")
    return Toxic(str(said.get("name") or f"{kind}_{found}"), kind, found, toxicity, attributes)
