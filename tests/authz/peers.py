"""The service on a port, for a tool that takes turns as two callers; who asked what is noted."""

import asyncio
import contextlib
import os
import socket
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import uvicorn
from starlette.types import Message, Receive, Scope, Send

from tests.app.web.house import House

LIMIT_S = 250
CHECKS = "object_level_authorization,ignored_auth"


@dataclass(slots=True)
class Watched:
    """Passes requests on; notes the status that each path gave to each caller."""

    house: House
    names: Mapping[str, str]  # of callers, by token
    reads: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["method"] == "GET":
                token = dict(scope["headers"]).get(b"x-api-key", b"").decode()
                self.reads[scope["path"]][self.names.get(token, "nobody")] = message["status"]
            await send(message)

        await self.house.asgi(scope, receive, noting)


@dataclass(frozen=True, slots=True)
class Report:
    """What the tool found, as `code title: operations`, and what it said."""

    complete: bool
    failures: tuple[str, ...]
    said: str


@contextlib.asynccontextmanager
async def served(watched: Watched) -> AsyncIterator[str]:
    """Serve on a free port of this machine; return the address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(watched, lifespan="off", ws="none", log_level="warning")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


async def taken_turns(folder: Path, url: str, names: Mapping[str, str], *options: str) -> Report:
    """Let the tool create as each caller and read as the others."""
    known = [
        {"name": name, "fixedHeaders": [{"name": "X-API-Key", "value": token}]}
        for token, name in names.items()
    ]
    first, *_ = names.values()
    peers = orjson.dumps(list(names.values())).decode()
    await asyncio.to_thread((folder / "wfc.yaml").write_bytes, orjson.dumps({"auth": known}))
    settings = f'[auth.wfc]\npath = "wfc.yaml"\nuser = "{first}"\npeers = {peers}\n'
    await asyncio.to_thread((folder / "schemathesis.toml").write_text, settings)
    path = folder / "report.json"
    ran = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")),
        *("run", f"{url}/openapi.json", "--checks", CHECKS, "--phases", "stateful"),
        *("--mode", "positive", "--generation-deterministic", "--continue-on-failure"),
        *("--report", "json", "--report-json-path", str(path)),
        *options,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "NO_COLOR": "1"},
    )
    said, _ = await asyncio.wait_for(ran.communicate(), LIMIT_S)
    found: dict[str, Any] = orjson.loads(await asyncio.to_thread(path.read_bytes))
    return Report(
        complete=found["complete"] and not found["errors"],
        failures=tuple(
            f"{one['code']} {one['title']}: {one['operations']}" for one in found["failures"]
        ),
        said=said.decode(),
    )
