import json
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("full_disk.py")


@cache
def _may_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    tried = subprocess.run(
        ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False
    )
    return tried.returncode == 0


def test_a_full_file_system_loses_nothing_acknowledged_and_heals_when_freed(
    tmp_path: Path,
) -> None:
    if not _may_mount():
        pytest.skip("MAY NOT MOUNT: a really full file system is NOT tried on this machine")
    command = ["unshare", "-rm", sys.executable, str(SCRIPT), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found == dict.fromkeys(found, True)
    assert len(found) == 5
