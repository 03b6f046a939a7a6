"""How calls of a storage account are repeated: what may be, in time, and within a budget."""

from collections.abc import Mapping
from typing import Any

from azure.core.exceptions import AzureError
from azure.core.pipeline import PipelineRequest
from azure.core.rest import AsyncHttpResponse, HttpRequest
from azure.storage.blob.aio import ExponentialRetry

from app.adapters.azure.failures import asked_to_wait
from app.adapters.azure.signing import Signing
from app.adapters.resilience import Budget
from app.adapters.resilience.retrying import pause_s
from app.core import deadlines, metrics

_FORBIDDEN = 403
_BUSY = 503  # what was answered so was not carried out
_LATER = 2  # storage that fails over takes longer than a database that throttles
_PAUSE = "eva_pause_s"


class BudgetedRetry(ExponentialRetry):
    """The SDK's policy of what is repeated, but within a budget and no sooner than was asked for.

    All that we ask of storage may be repeated, save a message: it would be there twice. What is
    longer to be waited for than there is time is not waited for at all.
    """

    def __init__(
        self,
        dependency: str,
        budget: Budget,
        signing: Signing | None = None,
        *,
        retries: int,
        longest_s: float,
    ) -> None:
        super().__init__(retry_total=retries)
        self._signing = signing
        self._labels = {"dependency": dependency}
        self._budget = budget
        self._longest_s = longest_s

    async def send(self, request: Any) -> Any:  # type: ignore[override]  # noqa: ANN401
        """Send, and send again; what comes behind this policy signs with the newest key."""
        if self._signing is None:
            return await super().send(request)  # type: ignore[no-untyped-call]
        await self._signing.renew()
        response = await super().send(request)  # type: ignore[no-untyped-call]
        if response.http_response.status_code == _FORBIDDEN:
            self._signing.refused()
        return response

    def configure_retries(self, request: PipelineRequest[HttpRequest]) -> dict[str, Any]:
        """Begin a call, which earns its share of a retry."""
        self._budget.earn()
        return super().configure_retries(request)

    def increment(
        self,
        settings: dict[str, Any],
        request: HttpRequest,
        response: AsyncHttpResponse | None = None,
        error: AzureError | None = None,
    ) -> bool:
        """Tell whether to repeat a call that failed; if so, it is paid for."""
        status = response.status_code if response is not None else None
        if _adds(request) and status != _BUSY:
            return False
        if not super().increment(settings, request, response, error):
            return False
        headers = response.headers if response is not None else {}
        pause = pause_s(settings["count"] + _LATER, _asked_s(headers))
        left = deadlines.remaining()
        if pause > (self._longest_s if left is None else left) or not self._budget.spend():
            return False
        metrics.count("eva.dependency.retries", self._labels)
        settings[_PAUSE] = pause
        return True

    def get_backoff_time(self, settings: dict[str, Any]) -> float:
        """Return the pause that was decided upon."""
        return float(settings[_PAUSE])


def _adds(request: HttpRequest) -> bool:
    """Tell whether each call adds something: a batch, the other kind of POST, deletes."""
    return request.method == "POST" and "comp=batch" not in request.url


def _asked_s(headers: Mapping[str, str]) -> float:
    return asked_to_wait(headers) if "retry-after" in headers else 0.0
