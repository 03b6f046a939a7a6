"""A proxy that makes whatever is behind it answer late: the negative control of load tests.

`python slowing.py http://127.0.0.1:8000 1500` prints the address that it listens on.
"""

import asyncio
import sys
from urllib.parse import urlsplit

_BLOCK = 65536


async def main(url: str, delay_s: float) -> None:
    """Pass bytes on both ways until stopped; each answer's first block waits."""
    behind = urlsplit(url)

    async def carry(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay_s: float
    ) -> None:
        try:
            while block := await reader.read(_BLOCK):
                await asyncio.sleep(delay_s)
                writer.write(block)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection(behind.hostname, behind.port)
        await asyncio.gather(carry(reader, forth, 0.0), carry(back, writer, delay_s))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2]) / 1000))
