"""What clients do, step by step."""

import asyncio
import uuid
from typing import Any

import httpx2

LEAVE = (
    "# Leave policy\n\nEmployees receive twenty-five vacation days per year. "
    "Sick leave needs a certificate after three days.\n"
)
DAYS = "How many vacation days do employees receive per year?"
_PATIENCE_S = 100.0  # on a loaded machine; below what a test may take


def word() -> str:
    """Return a made-up word that no other document has."""
    return "q" + uuid.uuid4().hex[:10].translate(str.maketrans("0123456789", "ghijklmnop"))


async def new_space(client: httpx2.AsyncClient, name: str = "End to end") -> str:
    """Create a space."""
    made = await client.post("/spaces", json={"name": name})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def new_key(admin: httpx2.AsyncClient, **wanted: Any) -> dict[str, Any]:
    """Issue a key, which may read spaces unless something else is wanted."""
    asked = {"name": "end to end", "scopes": ["spaces:read"], **wanted}
    made = await admin.post("/auth/api-keys", json=asked)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


async def upload(
    client: httpx2.AsyncClient, space_id: str, content: str | bytes, name: str = "leave.md"
) -> str:
    """Upload a document, without waiting until it is read."""
    made = await client.post(f"/spaces/{space_id}/documents", files=_file(name, content))
    assert made.status_code in (200, 202), made.text
    return str(made.json()["id"])


async def renew(client: httpx2.AsyncClient, document_id: str, content: str | bytes) -> int:
    """Upload a version; return its number."""
    made = await client.post(f"/documents/{document_id}/versions", files=_file("leave.md", content))
    assert made.status_code == 202, made.text
    return int(made.json()["version"])


async def settled(client: httpx2.AsyncClient, document_id: str) -> dict[str, Any]:
    """Return a document once its newest version was read."""
    async with asyncio.timeout(_PATIENCE_S):
        while True:
            told = await client.get(f"/documents/{document_id}")
            assert told.status_code == 200, told.text
            found: dict[str, Any] = told.json()
            if found["status"] in ("ready", "failed"):
                return found
            await asyncio.sleep(0.05)


async def ready(
    client: httpx2.AsyncClient, space_id: str, content: str | bytes, name: str = "leave.md"
) -> str:
    """Upload a document and wait until answers can rest on it."""
    document_id = await upload(client, space_id, content, name)
    found = await settled(client, document_id)
    assert found["status"] == "ready", found
    return document_id


async def ask(
    client: httpx2.AsyncClient, space_id: str, question: str, **more: Any
) -> dict[str, Any]:
    """Ask and wait for the result."""
    asked = {"space_ids": [space_id], "question": question, **more}
    told = await client.post("/queries", json=asked, headers={"Prefer": "wait=30"})
    assert told.status_code == 200, told.text
    found: dict[str, Any] = told.json()
    return found


async def erased(client: httpx2.AsyncClient, receipt_id: str) -> dict[str, Any]:
    """Return the receipt of a deletion once it is complete."""
    async with asyncio.timeout(_PATIENCE_S):
        while True:
            found: dict[str, Any] = (await client.get(f"/receipts/{receipt_id}")).json()
            if found.get("completed_at"):
                return found
            await asyncio.sleep(0.05)


def refused(response: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """Assert that a request was refused for this reason."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = response.json()
    assert told["code"] == code, told
    return told


def _file(name: str, content: str | bytes) -> dict[str, tuple[str, bytes]]:
    return {"file": (name, content.encode() if isinstance(content, str) else content)}
