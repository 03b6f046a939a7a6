"""Which published keys are believed."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from app.adapters.oidc.keys import MOST_KEYS, parse
from tests.app.adapters.oidc.signer import ec_key, published, rsa_key

RSA = published(rsa_key("usual"), "k")
EC = published(ec_key("usual"), "k")


def usable(jwk: object) -> bool:
    return bool(parse({"keys": [jwk]}))


@pytest.mark.parametrize(("jwk", "algorithm"), [(RSA, "RS256"), (EC, "ES256")])
def test_a_sound_key_is_bound_to_one_algorithm(jwk: dict[str, Any], algorithm: str) -> None:
    assert parse({"keys": [jwk]})["k"].algorithm == algorithm
    assert parse({"keys": [{**jwk, "alg": algorithm}]})["k"].algorithm == algorithm


@pytest.mark.parametrize(
    "jwk",
    [
        {**RSA, "alg": "PS256"},
        {**RSA, "alg": "HS256"},
        {**EC, "alg": "RS256"},
        {**RSA, "use": "enc"},
        {**RSA, "kid": 5},
        {name: RSA[name] for name in RSA if name != "kid"},
        {**RSA, "n": "AQAB"},
        {**RSA, "n": "not base64 !"},
        {**RSA, "n": 5},
        {**RSA, "kty": "oct", "k": "c2VjcmV0"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "k"},
        {**EC, "crv": "secp256k1"},
        {**EC, "x": EC["y"]},
        published(rsa_key("weak", 1024), "k"),
        published(ec.generate_private_key(ec.SECP384R1()), "k"),
        {**RSA, "kty": ["RSA"]},
        "a string",
        None,
    ],
)
def test_an_unsound_key_is_passed_over(jwk: object) -> None:
    assert not usable(jwk)
    assert list(parse({"keys": [jwk, {**EC, "kid": "good"}]})) == ["good"]


def test_private_members_have_no_say() -> None:
    with_private = {**RSA, "d": "AQAB", "p": "AQAB"}
    assert parse({"keys": [with_private]}) == parse({"keys": [RSA]})


def test_of_two_keys_with_one_id_the_first_counts() -> None:
    assert parse({"keys": [EC, RSA]})["k"].algorithm == "ES256"


def test_the_same_document_gives_equal_keys() -> None:
    assert parse({"keys": [RSA]}) == parse({"keys": [dict(RSA)]})
    assert parse({"keys": [RSA]}) != parse({"keys": [published(rsa_key("newer"), "k")]})


def test_a_set_may_be_empty() -> None:
    assert parse({"keys": []}) == {}


@pytest.mark.parametrize("document", [{}, {"keys": {}}, {"keys": [RSA] * (MOST_KEYS + 1)}])
def test_what_is_no_set_of_keys_is_an_error(document: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not a set of keys"):
        parse(document)
