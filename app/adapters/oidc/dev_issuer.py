"""An issuer for development: discovery, keys, and tokens for whoever asks on this machine.

It gives any caller any role. So it listens on a loopback address only, answers only requests
addressed to one (a web page must not reach it through a name of its own), and does not start
outside development; the verifying side trusts plain HTTP only where it is told to.
"""

import asyncio
import json
import socket
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, MutableMapping
from contextlib import asynccontextmanager
from typing import Any, TypeAlias
from urllib.parse import parse_qs

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from app.adapters.oidc.issuers import WELL_KNOWN, IssuerConfig, is_loopback
from app.core.models import DEFAULT_TENANT

AUDIENCE = "eva-api"
LIFETIME_S = 3600

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

_MOST_BYTES = 16 * 1024


def described(url: str, tenants: Iterable[str] = (DEFAULT_TENANT,)) -> IssuerConfig:
    """Return how a verifier trusts a development issuer at this address."""
    return IssuerConfig(
        issuer=url,
        audiences=frozenset({AUDIENCE}),
        tenants={tenant: tenant for tenant in tenants},
        loopback=True,
    )


class DevIssuer:
    """Signs tokens with a key that lives as long as it does, and answers over HTTP (ASGI)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._key_id = uuid.uuid4().hex
        self._key = generate_private_key(public_exponent=65537, key_size=2048)

    def token(self, claims: Mapping[str, object]) -> str:
        """Return a signed access token; the claims given come over those it has by default."""
        now = int(time.time())
        return jwt.encode(
            {
                "iss": self.url,
                "aud": AUDIENCE,
                "sub": "developer",
                "tid": DEFAULT_TENANT,
                "iat": now,
                "exp": now + LIFETIME_S,
                **claims,
            },
            self._key,
            algorithm="RS256",
            headers={"kid": self._key_id, "typ": "at+jwt"},
        )

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        status, body = await self._respond(scope, receive)
        headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})

    async def _respond(self, scope: Message, receive: Receive) -> tuple[int, Mapping[str, object]]:
        if not self._addressed(dict(scope["headers"]).get(b"host", b"").decode("latin-1")):
            return 421, {"error": "misdirected_request"}
        match scope["method"], scope["path"]:
            case "GET", path if path == WELL_KNOWN:
                return 200, self._discovery()
            case "GET", "/keys":
                return 200, {"keys": [self._published()]}
            case "POST", "/token":
                return self._grant(await _form(receive))
            case _:
                return 404, {"error": "not_found"}

    def _addressed(self, host: str) -> bool:
        name, _, port = host.rpartition(":")
        return self.url.endswith(f":{port}") and is_loopback(name.strip("[]"))

    def _discovery(self) -> dict[str, object]:
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/keys",
            "token_endpoint": f"{self.url}/token",
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["none"],
        }

    def _published(self) -> dict[str, object]:
        public: dict[str, object] = jwt.algorithms.RSAAlgorithm.to_jwk(
            self._key.public_key(), as_dict=True
        )
        return {**public, "kid": self._key_id, "use": "sig", "alg": "RS256"}

    def _grant(self, form: Mapping[str, str] | None) -> tuple[int, dict[str, object]]:
        """Answer a client credentials request; `roles` and `tid` are taken at their word."""
        if form is None or form.get("grant_type") != "client_credentials":
            return 400, {"error": "unsupported_grant_type"}
        claims: dict[str, object] = {
            "sub": form.get("client_id", "developer"),
            "tid": form.get("tid", DEFAULT_TENANT),
            "scp": form.get("scope", ""),
            "roles": form.get("roles", "").split(),
        }
        return 200, {
            "access_token": self.token(claims),
            "token_type": "Bearer",
            "expires_in": LIFETIME_S,
        }


async def _form(receive: Receive) -> Mapping[str, str] | None:
    """Return the fields of a form, the first value of each; None if it is too large."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > _MOST_BYTES:
            return None
        if not message.get("more_body"):
            return {name: found[0] for name, found in parse_qs(body.decode("latin-1")).items()}


@asynccontextmanager
async def running(host: str, port: int, *, environment: str) -> AsyncIterator[DevIssuer]:
    """Run an issuer; port 0 takes a free one.

    ValueError outside development or for an address that others can reach.
    """
    if environment != "development":
        raise ValueError("the development issuer runs in development only")
    if not is_loopback(host):
        raise ValueError(f"{host} is not a loopback address")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family) as listener:
        shown = f"[{host}]" if ":" in host else host
        issuer = DevIssuer(f"http://{shown}:{listener.getsockname()[1]}")
        server = uvicorn.Server(
            uvicorn.Config(issuer, lifespan="off", ws="none", log_level="warning")
        )
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield issuer
        finally:
            server.should_exit = True
            await serving


async def serve(host: str = "127.0.0.1", port: int = 8400, *, environment: str) -> None:
    """Run an issuer until interrupted; see `running`."""
    async with running(host, port, environment=environment):
        await asyncio.get_running_loop().create_future()
