"""The peers that are Node programs: whether they can run here, and how they get here."""

import fcntl
import shutil
import subprocess
from pathlib import Path

from tests.peers.oidc.peer import install as install_issuer

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
_WANTED = HERE / "package-lock.json"
_COMPLETE = MODULES / ".package-lock.json"  # npm writes it last


def missing() -> str:
    """Why they cannot run here; empty if they can."""
    needed = ("node",) if _installed() else ("node", "npm")
    absent = [name for name in needed if shutil.which(name) is None]
    return f"NOT RUN, NODE PROGRAMS ARE NEEDED: {' and '.join(absent)} absent" if absent else ""


def install() -> None:
    """Install from the lock file, once for all processes; CalledProcessError."""
    with _WANTED.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _installed():
            subprocess.run([HERE / "install.sh"], check=True)


def _installed() -> bool:
    return _COMPLETE.exists() and _COMPLETE.stat().st_mtime >= _WANTED.stat().st_mtime


if __name__ == "__main__":
    if why := missing():
        print(f"!! {why}. What needs them is SKIPPED.")  # noqa: T201 - it is a command
    else:
        install()
        install_issuer()
