"""Logging in to Azure Managed Redis as our identity: its object id, and a token as the password.

As Microsoft documents it (learn.microsoft.com/azure/redis/entra-for-authentication).
"""

import asyncio
import time

from azure.core.credentials import AccessToken
from redis.credentials import CredentialProvider

from app.adapters.azure.credentials import Identity

_SCOPE = "https://redis.azure.com/.default"
_MARGIN_S = 180.0  # a token that ends sooner opens no more connections


class IdentityLogin(CredentialProvider):
    """What a new connection logs in with. A token lives about an hour, a connection no longer.

    Who asks for a connection waits for milliseconds only; the token, which may take longer, is
    fetched all the same, for the next one who asks.
    """

    def __init__(self, username: str, identity: Identity) -> None:
        self._username = username
        self._identity = identity
        self._fetching: asyncio.Task[AccessToken] | None = None

    async def get_credentials_async(self) -> tuple[str, str]:
        """Return user name and token."""
        if self._fetching is None or _spent(self._fetching):
            self._fetching = asyncio.create_task(self._token())
        return self._username, (await asyncio.shield(self._fetching)).token

    def get_credentials(self) -> tuple[str, str]:
        """Refuse: connections here are asynchronous."""
        raise NotImplementedError

    async def _token(self) -> AccessToken:
        return await self._identity.get_token(_SCOPE)


def _spent(fetching: asyncio.Task[AccessToken]) -> bool:
    """Tell whether another token is needed: this one was refused to us, or ends soon."""
    if not fetching.done():
        return False
    if fetching.cancelled() or fetching.exception() is not None:
        return True
    return fetching.result().expires_on - time.time() < _MARGIN_S
