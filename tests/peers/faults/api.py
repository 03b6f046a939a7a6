"""Toxiproxy's REST interface, as far as it goes here."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.peers.faults.proxy import Proxy
from tests.peers.faults.toxics import RefusedError, toxic

Answering = Callable[[Request], Awaitable[Response]]
_GONE = Response(status_code=204)


class Api:
    """Proxies by name, and what may be asked of them."""

    def __init__(self) -> None:
        self.proxies: dict[str, Proxy] = {}

    def application(self) -> Starlette:
        """Return the interface."""
        routes = [
            Route("/proxies", self._listed, methods=["GET"]),
            Route("/proxies", self._made, methods=["POST"]),
            Route("/proxies/{proxy}", self._proxy, methods=["GET", "POST"]),
            Route("/proxies/{proxy}/toxics", self._toxics, methods=["GET", "POST"]),
            Route("/proxies/{proxy}/toxics/{toxic}", self._toxic, methods=["GET", "DELETE"]),
            Route("/reset", self._reset, methods=["POST"]),
        ]
        handlers: dict[Any, Any] = {RefusedError: _refused, KeyError: _unknown}
        return Starlette(routes=routes, exception_handlers=handlers)

    async def close(self) -> None:
        """End every proxy."""
        for one in self.proxies.values():
            await one.disable()

    async def _listed(self, _: Request) -> Response:
        return JSONResponse({name: one.told() for name, one in self.proxies.items()})

    async def _made(self, request: Request) -> Response:
        said = await request.json()
        if said["name"] in self.proxies:
            raise RefusedError(f"there is a proxy {said['name']} already")
        made = Proxy(said["name"], said.get("listen", "127.0.0.1:0"), said["upstream"])
        await made.enable()
        self.proxies[made.name] = made
        return JSONResponse(made.told(), 201)

    async def _proxy(self, request: Request) -> Response:
        one = self.proxies[request.path_params["proxy"]]
        if request.method == "POST":
            wanted = (await request.json()).get("enabled", one.enabled)
            await (one.enable() if wanted else one.disable())
        return JSONResponse(one.told())

    async def _toxics(self, request: Request) -> Response:
        one = self.proxies[request.path_params["proxy"]]
        if request.method == "POST":
            one.add(toxic(await request.json()))
            return JSONResponse(one.told()["toxics"][-1])
        return JSONResponse(one.told()["toxics"])

    async def _toxic(self, request: Request) -> Response:
        one = self.proxies[request.path_params["proxy"]]
        found = one.named(request.path_params["toxic"])
        if found is None:
            raise KeyError(request.path_params["toxic"])
        if request.method == "DELETE":
            one.toxics.remove(found)
            return _GONE
        return JSONResponse(next(t for t in one.told()["toxics"] if t["name"] == found.name))

    async def _reset(self, _: Request) -> Response:
        for one in self.proxies.values():
            one.toxics.clear()
            await one.enable()
        return _GONE


async def _refused(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 400)


async def _unknown(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": f"no {error}"}, 404)
