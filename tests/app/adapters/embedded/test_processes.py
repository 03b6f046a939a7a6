import asyncio
import contextlib
import sqlite3
import sys
from dataclasses import replace
from pathlib import Path

from app.adapters.embedded import EmbeddedStore
from app.core.kinds import SPACES
from app.core.models import JobKind, Partition
from app.core.ports import Enqueue, Put
from tests.contract.sample import a_job, a_space

HOME = Partition("ten_default")
SCRIPT = Path(__file__).with_name("contender.py")
PROCESSES, TIMES, JOBS = 4, 60, 80


async def _contender(folder: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(SCRIPT), str(folder), str(TIMES), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode()


async def test_four_writing_processes_lose_no_update_and_share_no_job(
    store: EmbeddedStore, folder: Path
) -> None:
    counter = replace(a_space(HOME, "0"), id="spc_counter")
    jobs = [a_job(HOME) for _ in range(JOBS)]
    await store.records.commit(
        HOME, Put(kind=SPACES, value=counter), *(Enqueue(job=job) for job in jobs)
    )
    reports = await asyncio.gather(*(_contender(folder) for _ in range(PROCESSES)))
    found = await store.records.get(SPACES, HOME, counter.id)
    assert found is not None
    assert found.value.name == str(PROCESSES * TIMES)
    assert sorted("".join(reports).split()) == sorted(job.id for job in jobs)
    with contextlib.closing(sqlite3.connect(folder / "eva.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def _run(code: str, folder: Path) -> int:
    start = "import asyncio, os, sys; from pathlib import Path\nfolder = Path(sys.argv[1])\n"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", start + code, str(folder))
    return await process.wait()


async def test_processes_may_open_a_new_folder_at_once(folder: Path) -> None:
    code = (
        "from app.adapters.embedded import open_store\n"
        "async def main():\n"
        "    async with open_store(folder) as store: await store.records.ping()\n"
        "folder.with_name(f'started-{os.getpid()}').touch()\n"
        "while not folder.with_name('go').exists(): pass\n"
        "asyncio.run(main())\n"
    )
    processes = asyncio.gather(*(_run(code, folder) for _ in range(PROCESSES)))
    while len(list(folder.parent.glob("started-*"))) < PROCESSES:  # noqa: ASYNC110 - others make them
        await asyncio.sleep(0.01)
    folder.with_name("go").touch()
    assert await processes == [0] * PROCESSES


async def test_a_job_that_another_process_enqueues_ends_the_waiting(
    store: EmbeddedStore, folder: Path
) -> None:
    waiting = asyncio.create_task(store.jobs.wait((JobKind.INGEST,), 600))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    code = (
        "from app.adapters.embedded import open_store\n"
        "from app.core.ports import Enqueue\n"
        "from tests.contract.sample import a_job\n"
        "from app.core.models import Partition\n"
        "async def main():\n"
        "    async with open_store(folder) as store:\n"
        "        home = Partition('ten_default')\n"
        "        await store.records.commit(home, Enqueue(job=a_job(home)))\n"
        "asyncio.run(main())\n"
    )
    assert await _run(code, folder) == 0
    await asyncio.wait_for(waiting, 60)
    assert await store.jobs.claim((JobKind.INGEST,), worker="w", lease_s=5) is not None
