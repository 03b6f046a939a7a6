import pytest

from app.core.errors import UnauthenticatedError
from app.core.identity import TokenVerifier


async def refusal(verifier: TokenVerifier, token: str) -> str | None:
    """The reason for which a token is refused; the test fails if it is not."""
    with pytest.raises(UnauthenticatedError) as refused:
        await verifier.verify(token)
    assert str(refused.value) == "unauthenticated"  # what might be shown says nothing
    assert refused.value.facts == {}
    return refused.value.reason
