"""What goes wrong with models, in the words of `app.core`. What they were told is never logged."""

import contextlib
import json
import logging
from collections.abc import Iterator

import httpx2
import openai
from azure.core.exceptions import AzureError

from app.adapters.azure import failures
from app.core.errors import UnavailableError
from app.core.ports import ComposingFailedError

PROVIDER = "azure.ai.openai"
_FILTERED = "content_filter"
_log = logging.getLogger("eva.azure")


@contextlib.contextmanager
def model_errors(dependency: str) -> Iterator[None]:
    """Translate what the SDK, its transport, and the fetching of a token raise inside.

    ComposingFailedError where asking again would not help; UnavailableError for the rest.
    """
    try:
        yield
    except AzureError as error:
        raise failures.unavailable(dependency, error) from error
    except openai.APIStatusError as error:
        if error.code == _FILTERED:
            raise ComposingFailedError("content-filter") from error
        _log.warning("%s: %s %s", dependency, error.status_code, error.code or "")
        raise _unavailable(dependency, error.response) from error
    except (openai.OpenAIError, httpx2.HTTPError, TimeoutError) as error:
        _log.warning("%s: %s", dependency, type(error).__name__)
        raise _unavailable(dependency) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        _log.warning("%s: the answer is not JSON", dependency)
        raise ComposingFailedError("malformed") from error


def _unavailable(dependency: str, response: httpx2.Response | None = None) -> UnavailableError:
    headers = response.headers if response is not None else {}
    wait_s = failures.asked_to_wait(headers)
    return UnavailableError(dependency=dependency, retry_after=max(1, round(wait_s)))
