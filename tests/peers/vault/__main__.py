"""`python -m tests.peers.vault FOLDER`: Key Vault's secrets over TLS, and a managed identity.

The identity is that of Azure's App Service (IDENTITY_ENDPOINT), over plain HTTP. The certificate
is made anew and written into the folder: whoever is to trust it names it (SSL_CERT_FILE).
"""

import asyncio
import socket
import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from tests.peers.vault.certificate import self_signed
from tests.peers.vault.identity import Identity
from tests.peers.vault.secrets import Secrets


async def main(folder: Path, ports: tuple[int, int]) -> None:
    """Serve on 127.0.0.1 until told to end."""
    identity = Identity()
    certificate, key = self_signed(folder)
    vault = _config(Secrets(identity).application())
    vault.ssl_certfile, vault.ssl_keyfile = str(certificate), str(key)
    vault_port, identity_port = map(_listening, ports)
    print(f"vault at https://127.0.0.1:{vault_port.getsockname()[1]}", flush=True)  # noqa: T201
    print(f"identity at http://127.0.0.1:{identity_port.getsockname()[1]}", flush=True)  # noqa: T201
    await asyncio.gather(
        uvicorn.Server(vault).serve([vault_port]),
        uvicorn.Server(_config(identity.application())).serve([identity_port]),
    )


def _listening(port: int) -> socket.socket:
    return socket.create_server(("127.0.0.1", port))


def _config(application: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        application, log_level="warning", lifespan="off", access_log=False, ws="none"
    )


if __name__ == "__main__":
    first, second = (int(port) for port in sys.argv[2:4]) if sys.argv[3:] else (0, 0)
    asyncio.run(main(Path(sys.argv[1]), (first, second)))
