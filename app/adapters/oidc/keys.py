"""An issuer's published keys (RFC 7517), of which only sound signing keys are kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK, PyJWTError

MOST_KEYS = 100
_RSA_BITS = range(2048, 8193)
_ALGORITHMS = {"RSA": "RS256", "EC": "ES256"}
_PUBLIC = ("kty", "n", "e", "crv", "x", "y")


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A parsed public key, bound to its one algorithm; `issuer` is whom Entra ID keeps it to."""

    public: Mapping[str, object]
    issuer: object
    jwk: PyJWK = field(compare=False)

    @property
    def algorithm(self) -> str:
        """Return the algorithm that the key is for."""
        return self.jwk.algorithm_name


KeySet = Mapping[str, SigningKey]  # by key id


def parse(document: Mapping[str, object]) -> KeySet:
    """Return the usable keys of a JWK Set, none if it has none; ValueError if it is no set.

    Keys of other kinds are passed over: an issuer may publish keys for other uses. Where two
    keys have one id, the first counts.
    """
    listed = document.get("keys")
    if not isinstance(listed, list) or len(listed) > MOST_KEYS:
        raise ValueError("not a set of keys, or too large a one")
    found: dict[str, SigningKey] = {}
    for jwk in listed:
        key = _usable(jwk) if isinstance(jwk, dict) else None
        if key is not None:
            found.setdefault(jwk["kid"], key)
    return found


def _usable(jwk: Mapping[str, object]) -> SigningKey | None:
    """Return a key that signs with an allowed algorithm, else None."""
    algorithm = _ALGORITHMS.get(str(jwk.get("kty")))
    if algorithm is None or jwk.get("alg", algorithm) != algorithm:
        return None
    if not isinstance(jwk.get("kid"), str) or jwk.get("use", "sig") != "sig":
        return None
    public = {name: jwk[name] for name in _PUBLIC if name in jwk}  # the rest has no say
    try:
        key = PyJWK(public, algorithm)
    except (PyJWTError, ValueError, TypeError):
        return None
    return SigningKey(public, jwk.get("issuer"), key) if _strong(key) else None


def _strong(jwk: PyJWK) -> bool:
    match jwk.key:
        case RSAPublicKey() as key:
            return key.key_size in _RSA_BITS
        case EllipticCurvePublicKey() as key:
            return isinstance(key.curve, SECP256R1)
        case _:
            return False
