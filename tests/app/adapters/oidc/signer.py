"""An issuer whose private keys the tests hold: it signs well, and badly on purpose."""

import base64
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

AUDIENCE = "api://eva"
TENANT = "ten_a"

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """One key for each name: making them is slow."""
    del name
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    del name
    return ec.generate_private_key(ec.SECP256R1())


def published(key: PrivateKey, key_id: str, **more: Any) -> dict[str, Any]:
    kind: Any = jwt.algorithms.ECAlgorithm
    if isinstance(key, rsa.RSAPrivateKey):
        kind = jwt.algorithms.RSAAlgorithm
    found: dict[str, Any] = kind.to_jwk(key.public_key(), as_dict=True)
    return {**found, "kid": key_id, "use": "sig", **more}


@dataclass(frozen=True, kw_only=True)
class Signer:
    issuer: str
    rsa_1: rsa.RSAPrivateKey = field(default_factory=lambda: rsa_key("usual"))
    ec_1: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec_key("usual"))

    def key_set(self) -> dict[str, object]:
        return {"keys": [published(self.rsa_1, "rsa-1"), published(self.ec_1, "ec-1")]}

    def claims(self, **more: Any) -> dict[str, Any]:
        now = int(time.time())
        return {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": "someone",
            "tid": TENANT,
            "scp": "spaces:read",
            "iat": now,
            "exp": now + 300,
            **more,
        }

    def token(
        self,
        *,
        alg: str = "RS256",
        headers: Mapping[str, object] | None = None,
        without: Sequence[str] = (),
        **more: Any,
    ) -> str:
        """Sign the usual claims and `more`, with the key that goes with the algorithm."""
        claims = {name: value for name, value in self.claims(**more).items() if name not in without}
        key = self.ec_1 if alg == "ES256" else self.rsa_1
        usual = {"kid": "ec-1" if alg == "ES256" else "rsa-1", "typ": "at+jwt"}
        return jwt.encode(claims, key, algorithm=alg, headers={**usual, **(headers or {})})

    def entra(self, *, without: Sequence[str] = (), **more: Any) -> str:
        """Sign a token of the older type `JWT`, whose claims must tell what it is."""
        return self.token(headers={"typ": "JWT"}, without=without, **more)

    def raw(self, header: Mapping[str, object], payload: bytes) -> str:
        """Sign any bytes under any header, with RS256."""
        usual = {"alg": "RS256", "kid": "rsa-1", "typ": "at+jwt"}
        signed = segment(json.dumps({**usual, **header}).encode()) + "." + segment(payload)
        algorithm = jwt.get_algorithm_by_name("RS256")
        return signed + "." + segment(algorithm.sign(signed.encode(), self.rsa_1))


def segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
