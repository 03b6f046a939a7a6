"""What an access token costs, in microseconds of CPU, beside PyJWT alone.

`bare` is `jwt.decode` of signature, times and audience, with a parsed key: it neither chooses
the key by issuer and id, nor reads headers, tenant, scopes, roles. All rows in one run.
"""

import argparse
import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from app.adapters.oidc import IssuerConfig, OidcVerifier, open_verifier
from app.core.errors import UnauthenticatedError

AUDIENCE = "6e74172b-be56-4843-9ff4-e66a39bb12e3"
TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
KEYS: dict[str, Any] = {
    "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
}
ROUNDS, REPEATS = 10, 100

Work: TypeAlias = Callable[[], Awaitable[None]]


def published(alg: str) -> dict[str, Any]:
    kind: Any = jwt.algorithms.RSAAlgorithm if alg == "RS256" else jwt.algorithms.ECAlgorithm
    public: dict[str, Any] = kind.to_jwk(KEYS[alg].public_key(), as_dict=True)
    return {**public, "kid": alg, "use": "sig"}


def signed(issuer: str, alg: str, number: int = 0) -> str:
    """A token of the size and claims of Entra ID's."""
    now = int(time.time())
    claims = {
        "aud": AUDIENCE, "iss": issuer, "iat": now, "nbf": now, "exp": now + 3600,
        "aio": "A" * 80, "azp": "1" * 36, "azpacr": "0", "name": "A person", "oid": "2" * 36,
        "preferred_username": "person@example.org", "rh": "R" * 60, "roles": ["contributor"],
        "scp": "spaces:read documents:read queries:execute", "sub": "s" * 43, "tid": TENANT,
        "uti": f"{number:022}", "ver": "2.0",
    }  # fmt: skip
    return jwt.encode(claims, KEYS[alg], algorithm=alg, headers={"kid": alg})


async def issuer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    path = (await reader.readuntil(b"\r\n\r\n")).split()[1]
    url = f"http://127.0.0.1:{writer.get_extra_info('sockname')[1]}"
    found = (
        {"keys": [*map(published, KEYS)]}
        if path == b"/keys"
        else {"issuer": url, "jwks_uri": url + "/keys"}
    )
    body = json.dumps(found).encode()
    writer.write(b"HTTP/1.1 200 .\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body))
    writer.write(body)
    await writer.drain()
    writer.close()


def decoding(token: Callable[[], str], key: Callable[[], Any], alg: str) -> Work:
    async def work() -> None:
        jwt.decode(
            token(),
            key(),
            algorithms=[alg],
            audience=AUDIENCE,
            leeway=60,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )

    return work


def verifying(verifier: OidcVerifier, token: Callable[[], str]) -> Work:
    async def work() -> None:
        with contextlib.suppress(UnauthenticatedError):
            await verifier.verify(token())

    return work


def rows(verifier: OidcVerifier, url: str, alg: str) -> dict[str, Work]:
    same = signed(url, alg)
    distinct = (signed(url, alg, n) for n in range(ROUNDS * REPEATS))
    fresh = iter(list(distinct))
    key = KEYS[alg].public_key()
    jwk = published(alg)
    foreign, forged = signed("https://login.example", alg), same[:-40] + "A" * 40
    return {
        "bare PyJWT, key parsed before": decoding(lambda: same, lambda: key, alg),
        "bare PyJWT, key parsed each time": decoding(lambda: same, lambda: jwt.PyJWK(jwk), alg),
        "verified for the first time": verifying(verifier, lambda: next(fresh)),
        "verified before (remembered)": verifying(verifier, lambda: same),
        "refused: forged signature": verifying(verifier, lambda: forged),
        "refused: foreign issuer": verifying(verifier, lambda: foreign),
        "refused: not a token": verifying(verifier, lambda: "x" * len(same)),
    }


async def costs(works: dict[str, Work]) -> dict[str, float]:
    """Microseconds of CPU for one call: the best of some rounds, the rows taking turns."""
    best = dict.fromkeys(works, float("inf"))
    for _ in range(ROUNDS):
        for name, work in works.items():
            start = time.process_time()
            for _ in range(REPEATS):
                await work()
            best[name] = min(best[name], (time.process_time() - start) / REPEATS * 1e6)
    return best


async def main() -> None:
    server = await asyncio.start_server(issuer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    config = IssuerConfig(
        issuer=url, audiences=frozenset({AUDIENCE}), tenants={TENANT: TENANT}, loopback=True
    )
    async with server, open_verifier([config]) as verifier:
        for alg in KEYS:
            await verifier.verify(signed(url, alg))
            found = await costs(rows(verifier, url, alg))
            print(f"\n{f'{alg}, {len(signed(url, alg))} characters':42}      µs  x bare")
            for name, microseconds in found.items():
                ratio = microseconds / next(iter(found.values()))
                print(f"  {name:40} {microseconds:7.1f} {ratio:7.2f}")


if __name__ == "__main__":
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    asyncio.run(main())
