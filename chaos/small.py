"""A file system that is soon full, for the one experiment about that."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from chaos.stage import StageError

_SIZE = "96m"


@contextlib.contextmanager
def small_disk(folder: Path, *, wanted: bool) -> Iterator[Path]:
    """Lend the folder, on a small file system of its own if that is wanted (Linux, as root)."""
    folder.mkdir(parents=True)
    if not wanted:
        yield folder
        return
    if os.geteuid() != 0:
        raise StageError("a disk can be filled only where root may mount one: run this as root")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "eva-chaos", str(folder)]
    made = subprocess.run(mount, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise StageError(f"no small disk could be mounted: {made.stderr}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
