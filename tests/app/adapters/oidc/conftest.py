from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest

from app.adapters.oidc import IssuerConfig, OidcVerifier, open_verifier
from app.adapters.oidc.fetching import Place
from app.adapters.oidc.source import KeySource
from tests.app.adapters.oidc.publisher import DISCOVERY, PATIENT, Publisher, publishing
from tests.app.adapters.oidc.signer import AUDIENCE, TENANT, Signer
from tests.clock import Clock


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    async with publishing() as publisher:
        yield publisher


@pytest.fixture
def signer(publisher: Publisher) -> Signer:
    """An issuer that publishes what it should."""
    signer = Signer(issuer=publisher.url)
    publisher.publish(signer.key_set())
    return signer


@pytest.fixture
def config(signer: Signer) -> IssuerConfig:
    return IssuerConfig(
        issuer=signer.issuer,
        audiences=frozenset({AUDIENCE}),
        tenants={TENANT: TENANT},
        loopback=True,
    )


@pytest.fixture
async def verifier(config: IssuerConfig) -> AsyncIterator[OidcVerifier]:
    async with open_verifier([config], PATIENT) as verifier:
        yield verifier


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def source(publisher: Publisher, signer: Signer, clock: Clock) -> AsyncIterator[KeySource]:
    async with httpx2.AsyncClient(timeout=PATIENT.patience) as client:
        place = Place(discovery=publisher.url + DISCOVERY, issuer=signer.issuer, loopback=True)
        source = KeySource(client, place, replace(PATIENT, fresh=300, most=3600), clock)
        yield source
        await source.aclose()
