"""Whatever is done to a token at random: it is never accepted, and nothing else goes wrong."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.adapters.oidc import OidcVerifier
from app.core.access import Principal
from app.core.errors import UnauthenticatedError
from app.core.identity import Refusal
from tests.app.adapters.oidc.signer import TENANT, Signer

# The verifier is the same for all examples: that one token leaves nothing behind is part of it.
one_verifier = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=200,
)
reasons = set(Refusal)
names = st.sampled_from(
    ["iss", "aud", "sub", "tid", "exp", "nbf", "iat", "jti", "scp", "roles", "tfp", "acr", "typ"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


async def outcome(verifier: OidcVerifier, token: str) -> Principal | str | None:
    try:
        return await verifier.verify(token)
    except UnauthenticatedError as refused:
        return refused.reason


@st.composite
def edits(draw: st.DrawFn) -> tuple[float, int, str]:
    """Where (0..1), how many characters go, and what comes in their place."""
    alphabet = st.characters() if draw(st.booleans()) else st.sampled_from("AQgw_-.=")
    return (
        draw(st.floats(0, 1)),
        draw(st.integers(0, 3)),
        draw(st.text(alphabet, max_size=3)),
    )


@one_verifier
@given(alg=st.sampled_from(["RS256", "ES256"]), changes=st.lists(edits(), min_size=1, max_size=3))
async def test_a_changed_token_is_refused(
    verifier: OidcVerifier, signer: Signer, alg: str, changes: list[tuple[float, int, str]]
) -> None:
    token = changed = signer.token(alg=alg)
    for where, less, more in changes:
        at = int(where * len(changed))
        changed = changed[:at] + more + changed[at + less :]
    if changed != token:
        assert await outcome(verifier, changed) in reasons


@one_verifier
@given(st.text() | st.binary().map(lambda b: b.decode("latin-1")) | st.from_regex(r"\w+\.\w+\.\w+"))
async def test_any_text_is_refused(verifier: OidcVerifier, text: str) -> None:
    assert await outcome(verifier, text) in reasons


@one_verifier
@given(st.dictionaries(st.sampled_from(["alg", "kid", "typ", "jku", "crit", "b64"]), values))
async def test_any_header_is_refused_over_claims_that_are_not_ours(
    verifier: OidcVerifier, signer: Signer, header: dict[str, object]
) -> None:
    assert await outcome(verifier, signer.raw(header, b'{"iss":"https://evil.example"}')) in reasons


@one_verifier
@given(st.dictionaries(names, values))
async def test_odd_claims_of_the_issuer_itself_never_lead_to_another_tenant(
    verifier: OidcVerifier, signer: Signer, odd: dict[str, object]
) -> None:
    claims = json.dumps({**signer.claims(), **odd}).encode()
    found = await outcome(verifier, signer.raw({}, claims))
    assert found in reasons or (isinstance(found, Principal) and found.tenant_id == TENANT)
