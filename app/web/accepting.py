"""Accepting connections as fast as they come, however long the event loop's turns are.

The loop (libuv) accepts one connection a turn from each socket that listens. A process that is busy
has turns of a tenth of a second: new clients would wait for many of them before their request is
even read, and nothing could turn them away. So it listens on several copies of its socket.
"""

import asyncio
import os
import socket

import uvicorn

COPIES = 32


async def faster(server: uvicorn.Server) -> None:
    """Accept so many connections a turn; for a server that has started, closed with it."""
    loop, config = asyncio.get_running_loop(), server.config

    def protocol() -> asyncio.Protocol:
        made: asyncio.Protocol = config.http_protocol_class(  # type: ignore[call-arg]
            config=config, server_state=server.server_state, app_state=server.lifespan.state
        )
        return made

    for listening in [one for first in server.servers for one in first.sockets]:
        for _ in range(COPIES - 1):
            copy = socket.socket(fileno=os.dup(listening.fileno()))
            copy.setblocking(False)
            server.servers.append(
                await loop.create_server(protocol, sock=copy, backlog=config.backlog)
            )
