"""Who we are on Azure: a managed identity in production, a developer's sign-in elsewhere."""

import contextlib
from collections.abc import AsyncIterator
from typing import Protocol, TypeAlias

from azure.core.credentials_async import AsyncTokenCredential
from azure.identity.aio import DefaultAzureCredential

Identity: TypeAlias = AsyncTokenCredential


class RotatingKey(Protocol):
    """A key that may change while we run."""

    async def __call__(self) -> str:
        """Return the key as it is now."""

    def refused(self) -> None:
        """Take note that the key was not accepted."""


@contextlib.asynccontextmanager
async def open_identity(
    client_id: str | None = None, *, developer: bool = False
) -> AsyncIterator[Identity]:
    """Lend the identity; nothing is asked for before a token is needed.

    `client_id` picks a user-assigned identity. Only a developer's machine may sign in otherwise.
    """
    credential = DefaultAzureCredential(
        managed_identity_client_id=client_id,
        exclude_cli_credential=not developer,
        exclude_developer_cli_credential=not developer,
        exclude_powershell_credential=True,
        exclude_shared_token_cache_credential=True,
        exclude_visual_studio_code_credential=True,
        exclude_broker_credential=True,
    )
    async with credential:
        yield credential
