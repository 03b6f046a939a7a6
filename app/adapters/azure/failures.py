"""What Azure's SDKs raise, in the words of `app.core.errors`.

Codes and statuses are logged, messages are not: they name accounts and objects.
"""

import contextlib
import logging
from collections.abc import Iterator, Mapping

from azure.core.exceptions import AzureError, HttpResponseError

from app.core.errors import UnavailableError

_RETRY_AFTER_S = 1
_MOST_RETRY_AFTER_S = 120
_log = logging.getLogger("eva.azure")


@contextlib.contextmanager
def azure_errors(dependency: str) -> Iterator[None]:
    """Translate what an SDK raises inside: whatever it is, the dependency can't be used now."""
    try:
        yield
    except AzureError as error:
        raise unavailable(dependency, error) from error


def unavailable(dependency: str, error: AzureError) -> UnavailableError:
    """Return what a failure of a dependency means to the caller."""
    said, wait_s = type(error).__name__, float(_RETRY_AFTER_S)
    if isinstance(error, HttpResponseError):
        said = f"{error.status_code} {code(error)}"
        wait_s = asked_to_wait(getattr(error.response, "headers", {}))
    _log.warning("%s: %s", dependency, said)
    return UnavailableError(dependency=dependency, retry_after=max(1, round(wait_s)))


def code(error: HttpResponseError) -> str:
    """Return the service's name for what went wrong, "" if it gave none."""
    found = getattr(error, "error_code", None) or getattr(error.error, "code", None)
    return str(getattr(found, "value", found) or "")


def asked_to_wait(headers: Mapping[str, str]) -> float:
    """Return the seconds after which a service said, in the headers, to come back."""
    try:
        if said := headers.get("retry-after-ms") or headers.get("x-ms-retry-after-ms"):
            wait_s = float(said) / 1000
        else:
            wait_s = float(headers.get("retry-after", _RETRY_AFTER_S))
    except ValueError:  # a date
        wait_s = _RETRY_AFTER_S
    return min(wait_s, _MOST_RETRY_AFTER_S)
