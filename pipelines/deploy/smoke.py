"""Whether a slot serves the build that was meant, and can work; asked over HTTP."""

import asyncio
import time
from http import HTTPStatus

import httpx2

from pipelines.deploy.model import Build, DeploymentFailedError

_PAUSE_S = 0.2
_PATIENCE_S = 5.0  # of one request


async def smoke(url: str, build: Build, within_s: float) -> None:
    """Return once the slot serves this build and is ready; DeploymentFailedError when it won't."""
    until = time.monotonic() + within_s
    async with httpx2.AsyncClient(base_url=url, timeout=_PATIENCE_S) as http:
        while said := await _said(http, build):
            if time.monotonic() >= until:
                raise DeploymentFailedError(f"after {within_s:g} s: {said}")
            await asyncio.sleep(_PAUSE_S)


async def _said(http: httpx2.AsyncClient, build: Build) -> str:
    """Return what is wrong; nothing if nothing is."""
    try:
        health = await http.get("/health")
        version = str(health.json()["version"]) if health.status_code == HTTPStatus.OK else ""
        ready = await http.get("/readyz")
        private = await http.get("/api/v1/spaces")
    except (httpx2.HTTPError, ValueError, KeyError) as error:
        return f"{type(error).__name__}: {error}"
    if version.partition("+")[2] != build.name:
        return f"it serves {version or health.status_code}, not {build.name}"
    if ready.status_code != HTTPStatus.OK:
        return f"it is not ready: {ready.status_code} {ready.text[:200]}"
    if private.status_code != HTTPStatus.UNAUTHORIZED:
        return f"it answers strangers with {private.status_code}"
    return ""
