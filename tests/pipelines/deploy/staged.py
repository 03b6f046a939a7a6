"""A host whose slots are small HTTP servers, and an `az` that writes down what it was asked."""

import contextlib
import json
import stat
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

from pipelines.deploy.model import Build, DeploymentFailedError, Sample
from pipelines.deploy.rehearsal.front import App, Message, Receive, Send, serving


def service(build: str, *, ready: int = 200, strangers: int = 401) -> App:
    """Return a service that answers as a build of this name."""

    async def app(scope: Message, _: Receive, send: Send) -> None:
        answers = {
            "/health": (200, {"version": f"0.1.0+{build}"}),
            "/readyz": (ready, {"ready": ready == 200}),
            "/api/v1/spaces": (strangers, {}),
        }
        status, body = answers[scope["path"]]
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})

    return app


class Pair:
    """`Host` with two addresses. `swaps` is what each swap does: nothing wrong, or a failure."""

    def __init__(self, production: str, staging: str, swaps: list[str]) -> None:
        self.production_url = production
        self.staging_url = staging
        self.swaps = swaps

    async def deploy(self, build: Build) -> None:
        """Take the build that is there already."""

    async def swap(self) -> None:
        """Exchange, as told."""
        how = self.swaps.pop(0)
        if how != "refused":
            self.production_url, self.staging_url = self.staging_url, self.production_url
        if how != "done":
            raise DeploymentFailedError(f"the swap was {how}")


class Readings:
    """`Gauge` that shows these samples one after the other, then the last one for ever."""

    def __init__(self, *samples: Sample) -> None:
        self._samples = list(samples)

    async def sample(self, last_s: float) -> Sample:
        """Return the next one."""
        assert last_s >= 0
        return self._samples.pop(0) if len(self._samples) > 1 else self._samples[0]


@contextlib.asynccontextmanager
async def pair(production: App, staging: App, *swaps: str) -> AsyncIterator[Pair]:
    """Serve both slots."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(serving(production))
        second = await stack.enter_async_context(serving(staging))
        yield Pair(first, second, list(swaps))


def stub_az(folder: Path, *, says: str = "", fails: bool = False) -> Path:
    """Put an `az` into the folder; return the file it writes its arguments to, a line a call."""
    log = folder / "az.log"
    program = folder / "az"
    end = "echo 'no such app' >&2; exit 3" if fails else f"cat <<'SAID'\n{says}\nSAID"
    program.write_text(f'#!/bin/sh\necho "$@" >> {log}\n{end}\n', encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return log
