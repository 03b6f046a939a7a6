"""Where the account is and how it is called: plain values, checked by whoever reads settings."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from app.adapters.azure.credentials import RotatingKey
from app.adapters.resilience import Budget

Charged: TypeAlias = Callable[[str, str, float], None]  # container, operation, request units
VectorIndex: TypeAlias = Literal["flat", "quantizedFlat", "diskANN"]

NEAR = 0.3  # cosine from which a passage is proposed that shares no word with a question


@dataclass(frozen=True, slots=True, kw_only=True)
class Vectors:
    """What the vectors of passages are: fixed when their container is made.

    A new model means a new container and a new index of all documents; hence both are in its name.
    """

    model: str
    dimensions: int
    index: VectorIndex = "quantizedFlat"
    near: float = NEAR


@dataclass(frozen=True, slots=True, kw_only=True)
class CosmosPlace:
    """An account and a database in it. Without a key an identity is asked for tokens."""

    endpoint: str
    vectors: Vectors
    key: str | RotatingKey | None = field(default=None, repr=False)
    database: str = "eva"
    api_keys: str = "api_keys"
    audit_logs: str = "audit_logs"


@dataclass(frozen=True, slots=True, kw_only=True)
class CosmosCalls:
    """How the account is called: seconds for an operation with all its attempts, and for one.

    Operations earn their further attempts in the `budget`, and take them from it. `charged` is
    told of the request units of every answer.
    """

    timeout_s: float = 5.0
    attempt_s: float = 2.0
    attempts: int = 4
    connections: int = 128
    budget: Budget = field(default_factory=Budget)
    charged: Charged = lambda _container, _operation, _units: None
