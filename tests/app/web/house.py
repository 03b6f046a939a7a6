"""The whole service in one process, spoken to over ASGI by clients of several tenants."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

import httpx2
from starlette.types import Receive, Scope, Send

from app.core import keys
from app.core.models import DEFAULT_TENANT
from app.core.models import Scope as Permission
from app.main import create_app
from app.settings import Settings
from app.web.application import Application
from app.web.services import Services

API = "/api/v1"
LEAVE = (
    b"# Leave policy\n\nEmployees receive twenty-five vacation days per year. "
    b"Sick leave needs a certificate after three days.\n"
)
QUESTION = "How many vacation days do employees receive per year?"
_HANGS_S = 60  # whatever is waited for takes far less, also on a machine that stands still at times


@dataclass(frozen=True, slots=True)
class House:
    """The running service."""

    app: Application
    services: Services
    stack: AsyncExitStack

    async def asgi(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request with the state that a server would give it."""
        await self.app({**scope, "state": {"services": self.services}}, receive, send)

    def with_services(self, **changes: Any) -> "House":
        """Return the same house, some of its services replaced."""
        return replace(self, services=replace(self.services, **changes))

    async def client(
        self,
        tenant: str = DEFAULT_TENANT,
        scopes: Sequence[Permission] = (Permission.ADMIN_ALL,),
        space_ids: Sequence[str] | None = None,
    ) -> httpx2.AsyncClient:
        """Return a client with a fresh key."""
        wanted = keys.NewKey(
            name="test",
            scopes=tuple(scopes),
            space_ids=None if space_ids is None else tuple(space_ids),
        )
        issued = await keys.issue(self.services.ports, tenant, "test", wanted)
        return await self.anybody({"X-API-Key": issued.token})

    async def anybody(self, headers: Mapping[str, str] | None = None) -> httpx2.AsyncClient:
        """Return a client without a key."""
        transport = httpx2.ASGITransport(app=self.asgi)
        client = httpx2.AsyncClient(transport=transport, base_url="http://eva", headers=headers)
        return await self.stack.enter_async_context(client)


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[House]:
    """Start the application and give its state to every request, as a server does."""
    app = create_app(settings)
    async with AsyncExitStack() as stack:
        state = await stack.enter_async_context(app.router.lifespan_context(app))
        assert state is not None
        yield House(app, state["services"], stack)


async def new_space(client: httpx2.AsyncClient, name: str = "Handbook") -> str:
    made = await client.post(f"{API}/spaces", json={"name": name})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def new_document(
    client: httpx2.AsyncClient, space_id: str, content: bytes = LEAVE, **fields: str
) -> str:
    """Upload a document and wait until it is ready; return its id."""
    sent = {"file": ("leave.md", content)}
    made = await client.post(f"{API}/spaces/{space_id}/documents", files=sent, data=fields)
    assert made.status_code == 202, made.text
    document_id = str(made.json()["id"])
    assert (await settled(client, document_id))["status"] == "ready"
    return document_id


async def settled(client: httpx2.AsyncClient, document_id: str) -> dict[str, Any]:
    """Return a document once its newest version was read."""
    where = f"{API}/documents/{document_id}"
    return await once(client, where, lambda found: found["status"] in ("ready", "failed"))


async def erased(client: httpx2.AsyncClient, deleted: httpx2.Response) -> dict[str, Any]:
    """Return the receipt of a deletion once it is complete."""
    where = deleted.headers["location"]
    return await once(client, where, lambda found: found["completed_at"] is not None)


async def once(
    client: httpx2.AsyncClient, where: str, come: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """Return what is to be read there once it is as it shall come to be."""
    async with asyncio.timeout(_HANGS_S):
        while True:
            found: dict[str, Any] = (await client.get(where)).json()
            if come(found):
                return found
            await asyncio.sleep(0.02)


async def answered(
    client: httpx2.AsyncClient, space_id: str, question: str = QUESTION
) -> dict[str, Any]:
    """Ask and return the result."""
    asked = {"space_ids": [space_id], "question": question}
    told = await client.post(f"{API}/queries", json=asked, headers={"Prefer": "wait=60"})
    assert told.status_code == 200, told.text
    result: dict[str, Any] = told.json()
    return result


def problem(response: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """Assert that a response is this problem, complete and without internals; return it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["code"] == code, body
    assert body["status"] == status
    assert body["type"] == f"/problems/{code}"
    assert body["request_id"] == response.headers["x-request-id"]
    assert response.headers["content-language"] in ("en", "fr")
    assert "Traceback" not in response.text
    return body
