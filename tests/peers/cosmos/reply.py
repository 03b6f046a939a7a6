"""What is answered, before it is HTTP."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Reply:
    """A body, a status, headers; and a charge, which is made up: only that there is one is real."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    charge: float = 1.0
