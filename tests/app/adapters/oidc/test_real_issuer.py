"""Against an issuer that others wrote: oidc-provider, over real sockets."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from app.adapters.oidc import IssuerConfig, OidcVerifier, open_verifier
from app.core.errors import UnavailableError
from app.core.identity import Refusal
from app.core.models import Scope
from tests.app.adapters.oidc.publisher import PATIENT
from tests.app.adapters.oidc.refusing import refusal
from tests.peers.oidc.peer import AUDIENCE, OidcPeer, install, missing, oidc_peer

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())
TENANT = "ten_a"


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    install()


@pytest.fixture
async def peer() -> AsyncIterator[OidcPeer]:
    async with oidc_peer() as peer:
        yield peer


@pytest.fixture
async def verifier(peer: OidcPeer) -> AsyncIterator[OidcVerifier]:
    config = IssuerConfig(
        issuer=peer.issuer,
        audiences=frozenset({AUDIENCE}),
        tenants={TENANT: TENANT},
        loopback=True,
    )
    async with open_verifier([config], PATIENT) as verifier:
        yield verifier


async def test_its_tokens_are_accepted_under_either_algorithm(
    peer: OidcPeer, verifier: OidcVerifier
) -> None:
    for alg in ("RS256", "ES256"):
        token = await peer.token(alg=alg, tid=TENANT, scp="spaces:read", roles=["reader"])
        found = await verifier.verify(token)
        assert found.tenant_id == TENANT
        assert found.id.endswith(":daemon")
        assert found.scopes == {Scope.SPACES_READ}


async def test_its_tokens_for_others_are_refused(peer: OidcPeer, verifier: OidcVerifier) -> None:
    assert await refusal(verifier, await peer.token(tid="ten_b")) == Refusal.FOREIGN_TENANT
    assert await refusal(verifier, await peer.token()) == Refusal.NO_TENANT


async def test_a_rotation_is_followed_at_once_and_old_tokens_stay_good(
    peer: OidcPeer, verifier: OidcVerifier
) -> None:
    old, unseen = [await peer.token(tid=TENANT, n=n) for n in range(2)]
    await verifier.verify(old)
    await peer.rotate()
    new = await peer.token(tid=TENANT)
    for token in (new, old, unseen):
        assert (await verifier.verify(token)).tenant_id == TENANT


async def test_a_dropped_key_takes_its_tokens_along_remembered_or_not(
    peer: OidcPeer, verifier: OidcVerifier
) -> None:
    remembered, unseen = [await peer.token(tid=TENANT, n=n) for n in range(2)]
    await verifier.verify(remembered)
    await peer.drop()
    await verifier.verify(await peer.token(tid=TENANT))
    assert await refusal(verifier, remembered) == Refusal.UNKNOWN_KEY
    assert await refusal(verifier, unseen) == Refusal.UNKNOWN_KEY


async def test_an_outage_stops_no_one_and_a_new_start_is_noticed(
    peer: OidcPeer, verifier: OidcVerifier
) -> None:
    seen, unseen = [await peer.token(tid=TENANT, n=n) for n in range(2)]
    await verifier.verify(seen)
    await peer.stop()
    for token in (seen, unseen):
        assert (await verifier.verify(token)).tenant_id == TENANT
    async with oidc_peer(httpx2.URL(peer.issuer).port or 0) as restarted:
        token = await restarted.token(tid=TENANT)
        assert (await verifier.verify(token)).tenant_id == TENANT
    assert await refusal(verifier, seen) == Refusal.UNKNOWN_KEY


async def test_an_issuer_never_reached_lets_no_one_in(
    peer: OidcPeer, verifier: OidcVerifier
) -> None:
    token = await peer.token(tid=TENANT)
    await peer.stop()
    with pytest.raises(UnavailableError):
        await verifier.verify(token)
