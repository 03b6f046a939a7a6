"""Secrets with versions, given to whoever has a token for the vault."""

import time
import uuid
from collections import defaultdict
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.peers.vault.identity import Identity

_AUDIENCE = "https://vault.azure.net"
_ASKED = f'Bearer authorization="https://login.windows.net/t", resource="{_AUDIENCE}"'
_CHALLENGE = {"www-authenticate": _ASKED}


class Secrets:
    """A vault."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._kept: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)

    def application(self) -> Starlette:
        """Return the vault's endpoint; `POST /_peer/secrets` sets one without a token."""
        return Starlette(
            routes=[
                Route("/secrets/{name}", self._secret, methods=["GET", "PUT", "DELETE"]),
                Route("/secrets/{name}/{version}", self._secret, methods=["GET"]),
                Route("/secrets/{name}/", self._secret, methods=["GET"]),
                Route("/_peer/secrets", self._set, methods=["POST"]),
            ]
        )

    async def _set(self, request: Request) -> Response:
        for name, value in (await request.json()).items():
            self._kept[name].append(_made(request, name, value))
        return Response(status_code=204)

    async def _secret(self, request: Request) -> Response:
        if self._identity.good_for(request.headers.get("authorization", "")) != _AUDIENCE:
            return JSONResponse(_error("Unauthorized"), 401, _CHALLENGE)
        name = request.path_params["name"]
        if request.method == "PUT":
            self._kept[name].append(_made(request, name, (await request.json())["value"]))
        found = self._kept.get(name)
        if not found:
            return JSONResponse(_error("SecretNotFound"), 404)
        if request.method == "DELETE":
            del self._kept[name]
        version = request.path_params.get("version")
        wanted = [one for one in found if not version or one["id"].endswith(version)]
        if not wanted:
            return JSONResponse(_error("SecretNotFound"), 404)
        return JSONResponse(wanted[-1])


def _made(request: Request, name: str, value: str) -> dict[str, Any]:
    now = int(time.time())
    url = f"{request.base_url}secrets/{name}/{uuid.uuid4().hex}"
    attributes = {"enabled": True, "created": now, "updated": now}
    return {"value": value, "id": url, "attributes": attributes}


def _error(code: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": code}}
