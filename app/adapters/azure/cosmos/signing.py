"""Who asks, as a header: the account's key signs each request, or a directory's token goes along.

Sources: "Access control on Azure Cosmos DB resources" (REST), and RFC 7231 for the date.
"""

import base64
import functools
import hmac
import time
from email.utils import formatdate
from urllib.parse import quote, urlsplit

from azure.core.credentials import AccessToken
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import HttpResponseError

_EVERY_ACCOUNT = "https://cosmos.azure.com/.default"
_NO_SUCH_SCOPE = "AADSTS500011"  # some directories know no scope of one account
_EARLY_S = 300  # before a token ends, another is asked for


def signed(key: str, method: str, link: str, date: str) -> str:
    """Return the header of a request about items; `link` names what is asked for, unquoted."""
    text = f"{method.lower()}\ndocs\n{link}\n{date.lower()}\n\n"
    made = base64.b64encode(hmac.digest(_decoded(key), text.encode(), "sha256")).decode()
    return quote(f"type=master&ver=1.0&sig={made}", safe="")


@functools.lru_cache(2)
def _decoded(key: str) -> bytes:
    return base64.b64decode(key)


def date_now() -> str:
    """Return the time as headers have it."""
    return _date(int(time.time()))


@functools.lru_cache(2)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


class Tokens:
    """An identity's tokens for an account, each kept until shortly before its end."""

    def __init__(self, identity: AsyncTokenCredential, endpoint: str) -> None:
        self._identity = identity
        self._scopes = [f"https://{urlsplit(endpoint).hostname}/.default", _EVERY_ACCOUNT]
        self._header = ""
        self._until = 0.0

    async def header(self) -> str:
        """Return the header of a request; whatever the identity raises if it gets no token."""
        if time.time() >= self._until:
            token = await self._token()
            self._header = quote(f"type=aad&ver=1.0&sig={token.token}", safe="")
            self._until = token.expires_on - _EARLY_S
        return self._header

    async def _token(self) -> AccessToken:
        try:
            return await self._identity.get_token(self._scopes[0])
        except HttpResponseError as error:
            if _NO_SUCH_SCOPE not in str(error) or len(self._scopes) == 1:
                raise
        del self._scopes[0]
        return await self._identity.get_token(self._scopes[0])
