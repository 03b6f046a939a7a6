"""Redis, as Debian packages it."""

import shutil
from pathlib import Path

from tests.peers.programs import Program

PROGRAM = shutil.which("redis-server")


def redis(folder: Path, port: int) -> Program:
    """Keep everything in memory."""
    quiet = ["--save", "", "--appendonly", "no", "--dir", str(folder)]
    return Program(
        name="redis",
        command=["redis-server", "--port", str(port), "--bind", "127.0.0.1", *quiet],
        ready={"redis": r"port=(\d+)"},
    )
