"""What stands between the service and a dependency that may be slow, throttled, wrong or gone.

One `Guard` a dependency: a bulkhead (so that it can't take every worker of ours with it), a
breaker (so that what is down is not asked), retries within a budget (so that we don't keep it
down), and a deadline for each call.
"""

from app.adapters.resilience.breaker import Breaker, Rules, State
from app.adapters.resilience.bulkhead import Bulkhead
from app.adapters.resilience.guard import Guard, Limits
from app.adapters.resilience.ports import behind, guarded
from app.adapters.resilience.retrying import Budget

__all__ = [
    "Breaker",
    "Budget",
    "Bulkhead",
    "Guard",
    "Limits",
    "Rules",
    "State",
    "behind",
    "guarded",
]
