"""DSSE envelopes signed with Ed25519 (https://github.com/secure-systems-lab/dsse)."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PAYLOAD_TYPE = "application/vnd.in-toto+json"
Envelope = Mapping[str, Any]


def encoded(payload: bytes) -> bytes:
    """Return what is signed: the payload's type and the payload, each with its length (PAE)."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def key_id(key: Ed25519PublicKey) -> str:
    """Return the SHA-256 of a public key's DER form."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def sign(statement: Mapping[str, Any], key: Ed25519PrivateKey) -> Envelope:
    """Return an envelope with the statement in its canonical form, signed."""
    payload = json.dumps(
        statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()
    signature = {"keyid": key_id(key.public_key()), "sig": _text(key.sign(encoded(payload)))}
    return {"payloadType": PAYLOAD_TYPE, "payload": _text(payload), "signatures": [signature]}


def opened(envelope: Envelope, keys: Mapping[str, Ed25519PublicKey]) -> tuple[str, bytes]:
    """Return the name of the trusted key that signed, and the payload; ValueError if none did.

    Nothing inside the payload is looked at before a signature holds.
    """
    payload, signatures = _parts(envelope)
    for name, key in keys.items():
        for signature in signatures:
            try:
                key.verify(signature, encoded(payload))
            except InvalidSignature:
                continue
            return name, payload
    raise ValueError("no trusted key signed it")


def _parts(envelope: Envelope) -> tuple[bytes, list[bytes]]:
    try:
        if envelope["payloadType"] != PAYLOAD_TYPE:
            raise ValueError(f"the payload is {envelope['payloadType']!r}")
        signatures = [_bytes(signature["sig"]) for signature in envelope["signatures"]]
        return _bytes(envelope["payload"]), signatures
    except (KeyError, TypeError, AttributeError, binascii.Error):
        raise ValueError("not an envelope") from None


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
