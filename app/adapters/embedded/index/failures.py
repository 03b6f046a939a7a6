"""What SQLite and the file system refuse the index, in the words of `app.core.errors`."""

import contextlib
from collections.abc import Iterator

from app.adapters.embedded.failures import database_errors, file_errors
from app.core.errors import UnavailableError


@contextlib.contextmanager
def index_errors() -> Iterator[None]:
    """Translate what is raised inside into UnavailableError or StorageFullError of the index."""
    try:
        with file_errors(), database_errors():
            yield
    except UnavailableError as error:
        raise type(error)(**{**error.facts, "dependency": "index"}) from error.__cause__
