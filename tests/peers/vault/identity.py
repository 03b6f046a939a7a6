"""A managed identity, as App Service offers it to the programs that it runs."""

import secrets
import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

HEADER = "eva-peer"  # what IDENTITY_HEADER has to be
_LIFE_S = 3600


class Identity:
    """Issues tokens, and knows for what each was issued."""

    def __init__(self) -> None:
        self._issued: dict[str, str] = {}

    def application(self) -> Starlette:
        """Return the identity's endpoint."""
        return Starlette(routes=[Route("/msi/token", self._token)])

    def good_for(self, authorization: str) -> str | None:
        """Return for which resource a bearer token is; None for one that is not ours."""
        return self._issued.get(authorization.removeprefix("Bearer "))

    async def _token(self, request: Request) -> Response:
        resource = request.query_params.get("resource")
        if request.headers.get("x-identity-header") != HEADER or not resource:
            return JSONResponse({"statusCode": 400, "message": "no identity for you"}, 400)
        token = secrets.token_urlsafe(24)
        self._issued[token] = resource
        told = {"access_token": token, "expires_on": str(int(time.time()) + _LIFE_S)}
        return JSONResponse({**told, "resource": resource, "token_type": "Bearer"})
