"""Every block that is marked runnable is run against a service, as somebody on call would."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.adapters import codec
from app.core.ids import new_id
from app.core.models import DEFAULT_TENANT, Job, JobKind
from tests.app.cli.running import without_settings
from tests.app.cli.serving import Served, serving
from tests.peers.programs import free_port
from tests.runbooks.pages import PAGES, RUN

PROGRAMS = ("curl", "jq", "sqlite3", "awk")
SHELL = ("bash", "-euo", "pipefail", "-c")


@dataclass(frozen=True)
class Runnable:
    """A block, and the pages that show it."""

    code: str
    pages: tuple[str, ...]


def runnable() -> list[Runnable]:
    """Every runnable block once, however many pages show it."""
    found: dict[str, list[str]] = {}
    for page in PAGES:
        for block in page.blocks:
            if block.kind == RUN:
                found.setdefault(block.code, []).append(page.name)
    return [Runnable(code, tuple(names)) for code, names in found.items()]


BLOCKS = runnable()


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """What somebody on call has in the environment, beside a service."""
    folder, port = tmp_path_factory.mktemp("on-call"), free_port()
    (folder / ".curlrc").write_text("fail-with-body\nshow-error\n")  # a refusal is no success
    with serving(folder, EVA_METRICS_PORT=str(port)) as served:
        bury(folder / "data")
        yield environment(served, folder, port)


def bury(data: Path) -> None:
    """Leave a dead letter, so that there is one to be replayed."""
    job = Job(
        id=new_id("job"),
        kind=JobKind.DESCRIBE,
        tenant_id=DEFAULT_TENANT,
        space_id="spc_gone",
        subject_id="doc_gone",
        created_at=datetime.now(UTC),
    )
    values = (job.tenant_id, job.id, job.space_id, job.kind, codec.encode(job), 5, "unavailable", 0)
    with closing(sqlite3.connect(data / "eva.db", timeout=60)) as database, database:
        database.execute("INSERT INTO dead_jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)


def environment(served: Served, folder: Path, port: int) -> Mapping[str, str]:
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {
        **without_settings(),
        "PATH": programs,
        "CURL_HOME": str(folder),
        "EVA_URL": served.url,
        "EVA_API_KEY": served.token or "",
        "EVA_DATA_DIR": str(folder / "data"),
        "METRICS_URL": f"http://127.0.0.1:{port}/metrics",
    }


def run(code: str, shell: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SHELL, code], cwd=folder, env=dict(shell), capture_output=True, text=True, check=False
    )


def test_most_pages_have_something_to_run() -> None:
    shown = {name for block in BLOCKS for name in block.pages}
    assert len(shown) > 25


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.pages[0])
def test_a_block_runs(block: Runnable, shell: Mapping[str, str], tmp_path: Path) -> None:
    absent = [name for name in PROGRAMS if name in block.code and shutil.which(name) is None]
    if absent:
        pytest.skip(f"!! {', '.join(absent)} not installed: a block of {block.pages} was NOT RUN")
    done = run(block.code, shell, tmp_path)
    assert done.returncode == 0, f"{block.pages}: {done.stderr}{done.stdout}"
    assert done.stdout or done.stderr or ">" in block.code or "-X POST" in block.code


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("eva spaces show nowhere", "no-such-space"),
        ("curl -s $EVA_URL/nowhere | cat", "404"),
        ("eva keys turn", "No such command"),
    ],
)
def test_a_block_that_does_not_work_is_noticed(
    code: str, said: str, shell: Mapping[str, str], tmp_path: Path
) -> None:
    done = run(code, shell, tmp_path)
    assert done.returncode != 0
    assert said in done.stderr
