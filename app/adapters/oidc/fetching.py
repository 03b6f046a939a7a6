"""Asking an issuer for its discovery document and keys: bounded, and no redirects."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import httpx2

from app.adapters.oidc.issuers import require_address

MOST_BYTES = 256 * 1024
_OK = 200
_HEADERS = {"accept": "application/json", "accept-encoding": "identity"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an issuer's keys are found, and who it must say that it is."""

    discovery: str
    issuer: str
    loopback: bool


async def key_document(client: httpx2.AsyncClient, place: Place) -> Mapping[str, object]:
    """Return the issuer's JWK Set as it is published now; httpx2.HTTPError or ValueError."""
    found = await _document(client, place.discovery)
    if found.get("issuer") != place.issuer:
        raise ValueError(f"{place.discovery} speaks for {found.get('issuer')!r:.200}")
    return await _document(client, require_address(found.get("jwks_uri"), loopback=place.loopback))


async def _document(client: httpx2.AsyncClient, address: str) -> Mapping[str, object]:
    body = bytearray()
    async with client.stream("GET", address, headers=_HEADERS) as response:
        if response.status_code != _OK:
            raise ValueError(f"{address} answered {response.status_code}")
        if response.headers.get("content-encoding", "identity") != "identity":
            raise ValueError(f"{address} answered compressed, unasked")
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > MOST_BYTES:
                raise ValueError(f"{address} answered more than {MOST_BYTES} bytes")
    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError(f"{address} did not answer with an object")  # noqa: TRY004 - content
    return found
