"""Who asks the account: tokens of an identity, as long as they last."""

import base64
import time
from typing import Self

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from app.adapters.azure.cosmos.signing import Tokens


class Identity:
    """Gives tokens for one scope only."""

    def __init__(self, scope: str, refusal: str = "") -> None:
        self.scope = scope
        self.refusal = refusal
        self.asked: list[str] = []
        self.lasts_s = 3600

    async def get_token(self, *scopes: str, **_: object) -> AccessToken:
        self.asked += scopes
        if scopes != (self.scope,):
            raise ClientAuthenticationError(self.refusal)
        claims = base64.urlsafe_b64encode(b'{"aud": "https://cosmos.azure.com"}').decode()
        return AccessToken(f"e30.{claims}.", int(time.time()) + self.lasts_s)

    async def close(self) -> None: ...

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...


async def test_a_directory_without_a_scope_for_each_account_has_one_for_all() -> None:
    identity = Identity("https://cosmos.azure.com/.default", "AADSTS500011: no such resource")
    tokens = Tokens(identity, "https://acc.documents.azure.com:443/")
    for _ in range(2):
        assert "sig%3De30." in await tokens.header()
    assert identity.asked == [  # and what it gave is kept
        "https://acc.documents.azure.com/.default",
        "https://cosmos.azure.com/.default",
    ]


async def test_a_token_that_ends_soon_is_not_kept() -> None:
    identity = Identity("https://acc.documents.azure.com/.default")
    identity.lasts_s = 200
    tokens = Tokens(identity, "https://acc.documents.azure.com")
    for _ in range(2):
        await tokens.header()
    assert len(identity.asked) == 2


async def test_an_identity_that_gets_no_token_says_why() -> None:
    tokens = Tokens(Identity("another", "AADSTS700016: no such application"), "https://a.example")
    with pytest.raises(ClientAuthenticationError, match="AADSTS700016"):
        await tokens.header()
