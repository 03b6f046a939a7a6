"""The guards of the dependencies on Azure: one each, with bounds that fit its adapter's own."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.adapters.resilience import Budget, Guard, Limits, Rules
from app.settings import Settings

_MARGIN_S = 1.0  # an adapter gives up first: it knows better what failed
_COSMOS_PARTS = ("records", "jobs", "index", "audit")  # what its errors name
_NEVER = Rules(calls=1 << 62)


@dataclass(frozen=True, slots=True)
class Guards:
    """One guard each; ports of the same dependency share it."""

    cosmos: Guard
    blob: Guard
    openai: Guard

    def by_port(self) -> Mapping[str, Guard]:
        """Return which port is behind which."""
        records = dict.fromkeys(("records", "keys", "jobs", "audit", "index"), self.cosmos)
        return {**records, "blobs": self.blob, "composer": self.openai}


def guards(settings: Settings) -> Guards:
    """Return the guards; without EVA_ENABLE_CIRCUIT_BREAKER their breakers never open.

    Cosmos DB and Blob Storage are asked again by their adapters, which know what may be repeated,
    and take it from the guards' budgets; models are asked again here. Cosmos DB throttles by
    design: with a third of all calls refused each one costs half a retry, for which its budget is
    enough.
    """
    bound_s = settings.azure_timeout_s
    asked_again = Limits(timeout_s=bound_s, attempts=2)
    once = Limits(timeout_s=bound_s + _MARGIN_S, attempts=1)
    rules = Rules(calls=5) if settings.circuit_breaker else _NEVER
    return Guards(
        cosmos=Guard("cosmos", once, rules, parts=_COSMOS_PARTS, budget=Budget(share=0.6, most=64)),
        blob=Guard("blob", once, rules, parts=("blobs",)),
        openai=Guard("openai", asked_again, rules, parts=("model", "embeddings")),
    )
