"""Documents' bytes in Azure Blob Storage."""

import contextlib

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob.aio import ContainerClient

from app.adapters.azure.blobs.failing import blob_errors
from app.adapters.azure.blobs.store import AzureBlobStore

__all__ = ["AzureBlobStore", "prepare"]


async def prepare(container: ContainerClient) -> None:
    """Create the container if it is not there."""
    with blob_errors(), contextlib.suppress(ResourceExistsError):
        await container.create_container()
