"""What goes wrong with blobs, and where their hash is kept."""

import contextlib
from collections.abc import Iterator

from azure.core.exceptions import HttpResponseError

from app.adapters.azure import failures
from app.core.errors import NotFoundError

DEPENDENCY = "blobs"
SHA256 = "sha256"  # the name of the hash in a blob's metadata


@contextlib.contextmanager
def blob_errors() -> Iterator[None]:
    """Tell a blob that is not there from a container that is not."""
    with failures.azure_errors(DEPENDENCY):
        try:
            yield
        except HttpResponseError as error:
            if failures.code(error) == "BlobNotFound":
                raise NotFoundError from None
            raise
