"""What is remembered of tokens, and until when."""

from app.adapters.oidc.source import KeySource
from app.adapters.oidc.verified import Verified, VerifiedTokens
from app.core.access import Principal

WHO = Principal(tenant_id="ten_a", id="x", scopes=frozenset())


async def known(source: KeySource, expires_at: float = 100) -> Verified:
    return Verified(WHO, expires_at, source, await source.current())


async def test_a_token_is_known_until_it_expires(source: KeySource) -> None:
    tokens = VerifiedTokens()
    tokens.keep("t", await known(source, 100))
    assert tokens.find("t", 99.9) is not None
    assert tokens.find("other", 99.9) is None
    assert tokens.find("t", 100) is None
    assert len(tokens) == 0


async def test_the_token_unused_for_longest_makes_room(source: KeySource) -> None:
    tokens = VerifiedTokens(most=2)
    for token in ("a", "b"):
        tokens.keep(token, await known(source))
    assert tokens.find("a", 0) is not None
    tokens.keep("c", await known(source))
    assert [token for token in "abc" if tokens.find(token, 0)] == ["a", "c"]


async def test_a_token_is_forgotten_with_its_keys(source: KeySource) -> None:
    tokens = VerifiedTokens()
    tokens.keep("t", Verified(WHO, 100, source, {}))  # keys that the source had before
    assert tokens.find("t", 0) is None
    assert len(tokens) == 0
