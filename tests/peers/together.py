"""Everything at once: each peer, a fault proxy in front of each, and the settings that fit."""

import base64
import contextlib
import json
import secrets
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from tests.peers import models as model_peer
from tests.peers.azurite import API_VERSION, azurite, connection_string
from tests.peers.cosmos.accounts import KEY as COSMOS_KEY
from tests.peers.models import models
from tests.peers.oidc.peer import AUDIENCE, HERE
from tests.peers.programs import Program, Running, free_port, running
from tests.peers.proxying import Faults, faults
from tests.peers.redis import redis
from tests.peers.vaults import fill, trusting, vault

ELSEWHERE = "elsewhere"  # a tenant, in the issuer's words
SERVICES = ("cosmos", "blobs", "queues", "models", "vault", "identity", "redis", "oidc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """The peers that run; `homes` are their addresses, `fronts` their proxies', by service."""

    peers: tuple[Running, ...]
    homes: Mapping[str, str]
    fronts: Mapping[str, str]
    faults: Faults
    folder: Path

    @property
    def settings(self) -> Mapping[str, str]:
        """Return the environment of a service that works on the peers."""
        trust = next(trusting(self.folder, one) for one in self.peers if one.name == "vault")
        redis_at = urlsplit(self.fronts["redis"])
        issuer = {
            "issuer": self.fronts["oidc"],
            "audiences": [AUDIENCE],
            "tenants": {"ten_default": "ten_default", ELSEWHERE: "ten_elsewhere"},
        }
        return {
            **trust,
            "PEERS_FAULTS_URL": self.faults.url,
            "EVA_BACKEND": "azure",
            "AZURE_COSMOS_ENDPOINT": self.fronts["cosmos"],
            "AZURE_COSMOS_KEY": COSMOS_KEY,
            "AZURE_STORAGE_CONNECTION_STRING": connection_string(self.fronts),
            "AZURE_STORAGE_API_VERSION": API_VERSION,
            "AZURE_OPENAI_ENDPOINT": self.fronts["models"],
            "AZURE_OPENAI_KEY": "vault:openai-key",
            "AZURE_OPENAI_DEPLOYMENT_NAME": model_peer.CHAT,
            "AZURE_OPENAI_EMBEDDING_DEPLOYMENT_NAME": model_peer.EMBEDDING,
            "EVA_EMBEDDING_DIMENSIONS": str(model_peer.DIMENSIONS),
            "AZURE_KEY_VAULT_URL": self.fronts["vault"],
            "EVA_AUDIT_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
            "REDIS_HOST": redis_at.hostname or "",
            "REDIS_PORT": str(redis_at.port),
            "REDIS_SSL": "false",
            "EVA_OIDC_ISSUERS": json.dumps([issuer]),
        }

    def strangers_token(self) -> str:
        """Return an access token of an administrator in another tenant."""
        claims = {"tid": ELSEWHERE, "sub": "stranger", "roles": ["admin"]}
        form = {"grant_type": "client_credentials", "claims_json": json.dumps(claims)}
        url, own = f"{self.fronts['oidc']}/token", ("daemon", "secret")
        told = httpx2.post(url, data=form, auth=own, timeout=60)
        return str(told.raise_for_status().json()["access_token"])


@contextlib.contextmanager
def together(folder: Path, *, direct: bool = False) -> Iterator[Together]:
    """Run all peers for the duration of the context; their logs and data go into the folder.

    `direct`: services are reached without their proxies, whose work would count under load.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ports = {name: free_port() for name in SERVICES}
    with ExitStack() as stack:
        proxy = stack.enter_context(running(faults(), folder))
        steering = Faults(proxy.url)
        homes = {name: _url(name, port) for name, port in ports.items()}
        fronts = homes if direct else _fronts(steering, homes)
        programs = _programs(folder, ports, fronts["oidc"])
        peers = _started(stack, programs, folder)
        fill(folder, homes["vault"], openai_key=model_peer.KEY)
        yield Together(
            peers=(proxy, *peers), homes=homes, fronts=fronts, faults=steering, folder=folder
        )


def _fronts(steering: Faults, homes: Mapping[str, str]) -> Mapping[str, str]:
    return {name: steering.front(name, url) for name, url in homes.items()}


def _started(stack: ExitStack, programs: list[Program], folder: Path) -> list[Running]:
    """Start all at once; if one fails, the others are stopped with the stack."""
    with ThreadPoolExecutor(len(programs)) as pool:
        starting = [pool.submit(stack.enter_context, running(one, folder)) for one in programs]
    return [one.result() for one in starting]


def _programs(folder: Path, ports: Mapping[str, int], issuer: str) -> list[Program]:
    database = folder / "cosmos.db"
    return [
        azurite(folder / "azurite", (ports["blobs"], ports["queues"])),
        Program(
            name="cosmos",
            command=[sys.executable, "-m", "tests.peers.cosmos", str(ports["cosmos"]), database],
            ready={"cosmos": r"(http://\S+) key"},
        ),
        models(ports["models"]),
        vault(folder, (ports["vault"], ports["identity"])),
        redis(folder, ports["redis"]),
        Program(
            name="oidc",
            command=["node", HERE / "issuer.mjs", str(ports["oidc"]), AUDIENCE, issuer],
            ready={"oidc": r'\{"issuer":"([^"]+)"\}'},
        ),
    ]


def _url(service: str, port: int) -> str:
    return f"{'https' if service == 'vault' else 'http'}://127.0.0.1:{port}"
