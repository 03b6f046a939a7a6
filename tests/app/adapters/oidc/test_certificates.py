"""An issuer has to show a certificate that somebody who is trusted vouches for."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.adapters.oidc import IssuerConfig, open_verifier
from app.core.errors import UnavailableError
from tests.app.adapters.oidc.publisher import PATIENT, Publisher, publishing
from tests.app.adapters.oidc.signer import AUDIENCE, TENANT, Signer
from tests.peers.vault.certificate import self_signed


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    return self_signed(tmp_path)


@pytest.fixture
async def publisher(certificate: tuple[Path, Path]) -> AsyncIterator[Publisher]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    async with publishing(context) as publisher:
        yield publisher


@pytest.fixture
def config(signer: Signer) -> IssuerConfig:
    return IssuerConfig(
        issuer=signer.issuer, audiences=frozenset({AUDIENCE}), tenants={TENANT: TENANT}
    )


async def test_an_issuer_that_nobody_vouches_for_is_asked_nothing_and_lets_no_one_in(
    config: IssuerConfig, signer: Signer, publisher: Publisher, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_verifier([config], PATIENT) as verifier:
        with pytest.raises(UnavailableError):
            await verifier.verify(signer.token())
    assert publisher.asked == []
    assert "CERTIFICATE_VERIFY_FAILED" in caplog.text


async def test_an_issuer_whose_certificate_is_vouched_for_lets_its_holders_in(
    config: IssuerConfig,
    signer: Signer,
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    async with open_verifier([config], PATIENT) as verifier:
        assert (await verifier.verify(signer.token())).tenant_id == TENANT
