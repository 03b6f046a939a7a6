"""Tokens that attack: each is refused, for the reason it should be."""

import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.adapters.oidc import OidcVerifier
from app.core.identity import Refusal
from tests.app.adapters.oidc.publisher import Publisher
from tests.app.adapters.oidc.refusing import refusal
from tests.app.adapters.oidc.signer import Signer, ec_key, published, rsa_key, segment

Make = Callable[[Signer], str]


def signed_by_public_key(signer: Signer) -> str:
    """HS256 with the published key as the secret: the oldest trick there is."""
    secret = signer.rsa_1.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    parts = signer.token(headers={"alg": "RS256"}).split(".")
    header = segment(b'{"alg":"HS256","kid":"rsa-1","typ":"at+jwt"}')
    signed = f"{header}.{parts[1]}"
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    return f"{signed}.{segment(algorithm.sign(signed.encode(), secret))}"


def unsigned(name: str) -> Make:
    def make(signer: Signer) -> str:
        header = segment(f'{{"alg":"{name}","kid":"rsa-1","typ":"at+jwt"}}'.encode())
        return f"{header}.{signer.token().split('.')[1]}."

    return make


def without_signature(signer: Signer) -> str:
    return signer.token().rpartition(".")[0] + "."


def with_header(**header: object) -> Make:
    return lambda signer: signer.token(headers=header)


def with_claims(**claims: Any) -> Make:
    return lambda signer: signer.token(**claims)


def without(claim: str) -> Make:
    return lambda signer: signer.token(without=[claim])


def payload(data: bytes) -> Make:
    return lambda signer: signer.raw({}, data)


def by_attacker(**header: object) -> Make:
    """All as it should be, but for the key; the header says where to find that one."""

    def make(signer: Signer) -> str:
        return Signer(issuer=signer.issuer, rsa_1=rsa_key("attacker")).token(headers=header)

    return make


def from_(issuer: str) -> Make:
    return lambda _: Signer(issuer=issuer, rsa_1=rsa_key("attacker")).token()


def for_other_key(signer: Signer) -> str:
    """Signed with the EC key, under the id of the RSA key."""
    return signer.token(alg="ES256", headers={"kid": "rsa-1"})


def payload_of_another(signer: Signer) -> str:
    head, _, signature = signer.token().split(".")
    return ".".join([head, signer.token(roles=["admin"]).split(".")[1], signature])


LATER = int(time.time()) + 3600
HOSTILE: dict[str, tuple[Make, Refusal]] = {
    "alg none": (unsigned("none"), Refusal.ALGORITHM),
    "alg none, with some signature": (
        lambda s: unsigned("none")(s) + "AAAA",
        Refusal.ALGORITHM,
    ),
    "alg nOnE": (lambda s: unsigned("nOnE")(s) + "AAAA", Refusal.ALGORITHM),
    "alg absent": (lambda s: s.raw({"alg": None}, b"{}"), Refusal.ALGORITHM),
    "alg a list": (lambda s: s.raw({"alg": ["RS256"]}, b"{}"), Refusal.ALGORITHM),
    "signature cut off": (without_signature, Refusal.SIGNATURE),
    "HS256 with the public key": (signed_by_public_key, Refusal.ALGORITHM),
    "RS512": (with_header(alg="RS512"), Refusal.ALGORITHM),
    "PS256": (with_header(alg="PS256"), Refusal.ALGORITHM),
    "ES256 under the RSA key's id": (for_other_key, Refusal.WRONG_KEY),
    "claims of another token": (payload_of_another, Refusal.SIGNATURE),
    "foreign key under a known id": (by_attacker(), Refusal.SIGNATURE),
    "foreign issuer": (from_("https://evil.example"), Refusal.UNKNOWN_ISSUER),
    "issuer with a slash more": (lambda s: s.token(iss=s.issuer + "/"), Refusal.UNKNOWN_ISSUER),
    "issuer in another case": (lambda s: s.token(iss=s.issuer.upper()), Refusal.UNKNOWN_ISSUER),
    "issuer in a list": (lambda s: s.raw({}, b'{"iss":["a"]}'), Refusal.UNKNOWN_ISSUER),
    "no issuer": (without("iss"), Refusal.MISSING_CLAIM),
    "wrong audience": (with_claims(aud="api://other"), Refusal.AUDIENCE),
    "audience with ours inside": (with_claims(aud="api://eva.example"), Refusal.AUDIENCE),
    "no audience": (without("aud"), Refusal.MISSING_CLAIM),
    "no expiry": (without("exp"), Refusal.MISSING_CLAIM),
    "expiry null": (with_claims(exp=None), Refusal.MISSING_CLAIM),
    "expiry in a string": (with_claims(exp=str(LATER)), Refusal.MALFORMED),
    "expiry true": (with_claims(exp=True), Refusal.EXPIRED),
    "expiry infinite": (
        lambda s: s.raw({}, b'{"exp":Infinity,"iss":"%s"}' % s.issuer.encode()),
        Refusal.MALFORMED,
    ),
    "expired": (with_claims(exp=int(time.time()) - 120), Refusal.EXPIRED),
    "not before tomorrow": (with_claims(nbf=LATER), Refusal.NOT_YET_VALID),
    "issued in the future": (with_claims(iat=LATER), Refusal.NOT_YET_VALID),
    "no subject": (without("sub"), Refusal.MISSING_CLAIM),
    "subject with a line break": (with_claims(sub="a\nb"), Refusal.SUBJECT),
    "subject of 256 characters": (with_claims(sub="a" * 256), Refusal.SUBJECT),
    "subject a number": (with_claims(sub=5), Refusal.SUBJECT),
    "no tenant": (without("tid"), Refusal.NO_TENANT),
    "tenant empty": (with_claims(tid=""), Refusal.NO_TENANT),
    "tenant a list": (with_claims(tid=["ten_a"]), Refusal.NO_TENANT),
    "tenant not the issuer's": (with_claims(tid="ten_b"), Refusal.FOREIGN_TENANT),
    "kid absent": (lambda s: s.raw({"kid": None}, b"{}"), Refusal.KEY_ID),
    "kid a number": (lambda s: s.raw({"kid": 1}, b"{}"), Refusal.KEY_ID),
    "kid that climbs": (with_header(kid="../../dev/null"), Refusal.KEY_ID),
    "kid that climbs without a slash": (with_header(kid="a..b"), Refusal.KEY_ID),
    "kid with SQL": (with_header(kid="x' UNION SELECT 1"), Refusal.KEY_ID),
    "kid an address": (with_header(kid="https://evil.example/k"), Refusal.KEY_ID),
    "kid of 257 characters": (with_header(kid="k" * 257), Refusal.KEY_ID),
    "kid unknown": (with_header(kid="rsa-9"), Refusal.UNKNOWN_KEY),
    "jwk": (
        by_attacker(jwk=published(rsa_key("attacker"), "rsa-1")),
        Refusal.FORBIDDEN_HEADER,
    ),
    "jku": (by_attacker(jku="https://evil.example/keys"), Refusal.FORBIDDEN_HEADER),
    "x5u": (by_attacker(x5u="https://evil.example/cert"), Refusal.FORBIDDEN_HEADER),
    "x5c": (by_attacker(x5c=["MIIC"]), Refusal.FORBIDDEN_HEADER),
    "crit": (with_header(crit=["exp"], exp=LATER), Refusal.FORBIDDEN_HEADER),
    "crit empty": (with_header(crit=[]), Refusal.FORBIDDEN_HEADER),
    "b64 false": (
        lambda s: s.raw({"b64": False, "crit": ["b64"]}, b"{}"),
        Refusal.FORBIDDEN_HEADER,
    ),
    "typ absent": (lambda s: s.raw({"typ": None}, b"{}"), Refusal.WRONG_TYPE),
    "typ of a logout token": (with_header(typ="logout+jwt"), Refusal.WRONG_TYPE),
    "typ ID": (with_header(typ="ID"), Refusal.WRONG_TYPE),
    "oversized": (with_claims(pad="x" * 8192), Refusal.OVERSIZED),
    "truncated in the signature": (lambda s: s.token()[:-22], Refusal.SIGNATURE),
    "truncated in the claims": (lambda s: s.token()[:150], Refusal.MALFORMED),
    "empty": (lambda _: "", Refusal.MALFORMED),
    "two segments": (lambda s: s.token().rpartition(".")[0], Refusal.MALFORMED),
    "five segments (encrypted)": (lambda s: s.token() + ".AA.AA", Refusal.MALFORMED),
    "padded": (lambda s: s.token() + "=", Refusal.MALFORMED),
    "a line break after it": (lambda s: s.token() + "\n", Refusal.MALFORMED),
    "unicode garbage": (lambda _: "\u202e\ud800.é.\u0000", Refusal.MALFORMED),
    "digits of another script": (lambda _: "١٢.٣٤.٥٦", Refusal.MALFORMED),
    "header not JSON": (lambda _: "AAAA.AAAA.AAAA", Refusal.MALFORMED),
    "header a list": (lambda _: f"{segment(b'[]')}.AAAA.AAAA", Refusal.MALFORMED),
    "a claim twice": (payload(b'{"iss":"a","iss":"b"}'), Refusal.MALFORMED),
    "claims nested without end": (payload(b"[" * 5000), Refusal.MALFORMED),
    "claims not UTF-8": (payload(b'{"iss":"\xff"}'), Refusal.MALFORMED),
    "claims in UTF-16": (payload('{"iss":"a"}'.encode("utf-16")), Refusal.MALFORMED),
    "claims with NaN": (payload(b'{"exp":NaN}'), Refusal.MALFORMED),
    "claims a string": (payload(b'"iss"'), Refusal.MALFORMED),
    "a number of 5000 digits": (payload(b'{"exp":%s}' % (b"9" * 5000)), Refusal.MALFORMED),
}

# ID tokens as the issuers write them: type `JWT`, and no scopes.
ID_TOKENS: dict[str, Make] = {
    "Entra ID, with app roles": lambda s: s.entra(
        without=["scp"], nonce="n", roles=["admin"], oid="1", preferred_username="a@b"
    ),
    "Entra ID, without nonce": lambda s: s.entra(without=["scp"], roles=["admin"], oid="1"),
    "Entra ID, hybrid flow": lambda s: s.entra(without=["scp"], nonce="n", c_hash="h"),
    "B2C": lambda s: s.entra(without=["scp"], nonce="n", tfp="B2C_1_in", auth_time=1),
    "Keycloak": lambda s: s.entra(without=["scp"], typ="ID", azp="web", at_hash="h"),
    "names a client and a login": lambda s: s.entra(
        without=["scp"], azp="web", nonce="n", roles=["admin"]
    ),
    "bound to an access token": lambda s: s.entra(at_hash="h"),
}


@pytest.mark.parametrize(("make", "reason"), HOSTILE.values(), ids=HOSTILE)
async def test_a_hostile_token_is_refused_for_its_reason(
    verifier: OidcVerifier, signer: Signer, make: Make, reason: Refusal
) -> None:
    assert await refusal(verifier, make(signer)) == reason


@pytest.mark.parametrize("make", ID_TOKENS.values(), ids=ID_TOKENS)
async def test_an_id_token_is_no_access_token(
    verifier: OidcVerifier, signer: Signer, make: Make
) -> None:
    assert await refusal(verifier, make(signer)) == Refusal.NOT_FOR_ACCESS


async def test_nothing_that_a_token_names_is_fetched(
    verifier: OidcVerifier, signer: Signer, publisher: Publisher
) -> None:
    await verifier.verify(signer.token())
    asked = list(publisher.asked)
    for name in ("jku", "x5u"):
        await refusal(verifier, by_attacker(**{name: f"{publisher.url}/evil"})(signer))
    await refusal(verifier, from_(f"{publisher.url}/evil")(signer))
    assert publisher.asked == asked


async def test_a_hostile_token_is_refused_again_the_second_time(
    verifier: OidcVerifier, signer: Signer
) -> None:
    token = signer.token(aud="api://other")
    assert await refusal(verifier, token) == await refusal(verifier, token) == Refusal.AUDIENCE


async def test_a_weak_key_of_the_issuer_signs_nothing(
    verifier: OidcVerifier, signer: Signer, publisher: Publisher
) -> None:
    weak = Signer(issuer=signer.issuer, rsa_1=rsa_key("weak", 1024), ec_1=ec_key("usual"))
    publisher.publish(weak.key_set())
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = weak.token()
    assert await refusal(verifier, token) == Refusal.UNKNOWN_KEY
