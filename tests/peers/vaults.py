"""Key Vault and a managed identity: two addresses of one program."""

import ssl
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx2

from tests.peers.programs import Program, Running
from tests.peers.vault.identity import HEADER


def vault(folder: Path, ports: tuple[int, int] = (0, 0)) -> Program:
    """Keep secrets in memory; the certificate goes into the folder."""
    return Program(
        name="vault",
        command=[sys.executable, "-m", "tests.peers.vault", str(folder), *map(str, ports)],
        ready={"vault": r"vault at (\S+)", "identity": r"identity at (\S+)"},
    )


def trusting(folder: Path, peer: Running) -> Mapping[str, str]:
    """Return the environment in which a program has the identity and trusts the vault."""
    return {
        "SSL_CERT_FILE": str(folder / "vault.pem"),
        "IDENTITY_ENDPOINT": f"{peer.urls['identity']}/msi/token",
        "IDENTITY_HEADER": HEADER,
    }


def fill(folder: Path, url: str, **secrets: str) -> None:
    """Put secrets into the vault, or new versions of them."""
    trust = ssl.create_default_context(cafile=str(folder / "vault.pem"))
    said = {name.replace("_", "-"): value for name, value in secrets.items()}
    told = httpx2.post(f"{url}/_peer/secrets", json=said, verify=trust, timeout=60)
    told.raise_for_status()
