"""How the cost of searching grows: passages in one space, and many spaces.

Synthetic text with the word statistics of real text. Every figure is of one process on this
machine; wall times depend on what else runs, CPU times less so.
"""

import argparse
import asyncio
import json
import resource
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from retrieval_text import Zipf

from app.adapters.embedded.index import EmbeddedPassageIndex, open_index
from app.adapters.sandbox import Sandbox
from app.core.models import Extraction, Partition, PassageSpan, VersionRef

PER_DOCUMENT = 100
SPACES, PER_SPACE = 1000, 100
QUESTIONS = 300
LIMIT = 50
STEP = 7  # from space to space, not one after the other


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; times in milliseconds unless named otherwise."""

    what: str
    passages: int
    ingest_ms: float  # a passage: analysed, stored, synced, switched to
    file_mb: float
    memory_mb: float  # of the open spaces
    rss_mb: float  # the highest so far, of the process
    cold_ms: float  # opening a space, the first search included
    new_p50: float  # questions never asked before
    warm_p50: float
    warm_p95: float
    warm_cpu: float


def extraction(texts: Sequence[str]) -> Extraction:
    spans, start = [], 0
    for ordinal, text in enumerate(texts):  # ASCII: bytes are characters
        end = start + len(text)
        spans.append(
            PassageSpan(ordinal=ordinal, start=start, end=end, byte_start=start, byte_end=end)
        )
        start = end + 1
    return Extraction(text="\n".join(texts), language="en", passages=tuple(spans))


async def add(index: EmbeddedPassageIndex, space: Partition, number: int, texts: list[str]) -> None:
    ref = VersionRef(
        tenant_id=space.tenant_id,
        space_id=space.space_id,
        document_id=f"doc_{number}",
        version=1,
    )
    await index.stage(ref, " ".join(texts[0].split()[:6]), extraction(texts))
    await index.activate(ref, {"number": number})


@dataclass(frozen=True, slots=True)
class Spent:
    """What questions cost: milliseconds of wall time each, CPU on average."""

    wall: list[float]
    cpu: float

    def percentile(self, share: int) -> float:
        return float(np.percentile(self.wall, share))


async def ask(index: EmbeddedPassageIndex, questions: Sequence[tuple[Partition, str]]) -> Spent:
    wall, cpu = [], time.process_time()
    for space, question in questions:
        began = time.perf_counter()
        await index.search(space, question, limit=LIMIT)
        wall.append((time.perf_counter() - began) * 1000)
    return Spent(wall, (time.process_time() - cpu) * 1000 / len(questions))


@dataclass(frozen=True, slots=True)
class Made:
    """Filled spaces, how many passages each has, and questions about them."""

    spaces: Sequence[Partition]
    passages: int
    questions: Sequence[tuple[Partition, str]]
    ingest_ms: float


async def measure(root: Path, spaces: Sequence[Partition], passages: int) -> list[Row]:
    """Fill spaces with so many passages each, close, open again, ask."""
    zipf = Zipf(len(spaces))
    questions: list[tuple[Partition, str]] = []
    sandbox = Sandbox(preload=["app.adapters.embedded.index.postings"])
    began, drawing = time.perf_counter(), 0.0
    try:
        async with open_index(root, sandbox) as index:
            for space in spaces:
                for number in range(0, passages, PER_DOCUMENT):
                    drawn = time.perf_counter()
                    texts = [zipf.passage() for _ in range(min(PER_DOCUMENT, passages - number))]
                    questions += [(space, zipf.question(text)) for text in texts[::20]]
                    drawing += time.perf_counter() - drawn
                    await add(index, space, number, texts)
    finally:
        await sandbox.aclose()
    ingest = (time.perf_counter() - began - drawing) * 1000 / (passages * len(spaces))
    return await _asked(root, Made(spaces, passages, questions, ingest))


async def _asked(root: Path, made: Made) -> list[Row]:
    """Open the spaces, ask; of many spaces one is asked in turns with all, for comparison."""
    async with open_index(root, Sandbox()) as index:
        began = time.perf_counter()
        for space in made.spaces:
            await index.search(space, made.questions[0][1], limit=LIMIT)
        cold = (time.perf_counter() - began) * 1000 / len(made.spaces)
        count = max(QUESTIONS, len(made.spaces))
        every = [made.questions[n * STEP % len(made.questions)] for n in range(count)]
        own = [(space, text) for space, text in made.questions if space == made.spaces[0]]
        one = [own[n % len(own)] for n in range(count)]
        plans = {"one space": one} | (
            {f"{len(made.spaces)} spaces": every} if len(made.spaces) > 1 else {}
        )
        new = {what: await ask(index, plan) for what, plan in plans.items()}
        warm = {what: await ask(index, plan) for what, plan in plans.items()}
        memory = index.memory_bytes
    size = sum(path.stat().st_size for path in root.rglob("*.db*"))
    return [
        Row(
            what=what,
            passages=made.passages * (1 if what == "one space" else len(made.spaces)),
            ingest_ms=made.ingest_ms,
            file_mb=size / 1e6,
            memory_mb=memory / 1e6,
            rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
            cold_ms=cold,
            new_p50=new[what].percentile(50),
            warm_p50=warm[what].percentile(50),
            warm_p95=warm[what].percentile(95),
            warm_cpu=warm[what].cpu,
        )
        for what in plans
    ]


def show(rows: Sequence[Row]) -> None:
    names = [field.name for field in fields(Row)]
    print("  ".join(f"{name:>11}" for name in names))
    for row in rows:
        cells = [getattr(row, name) for name in names]
        print("  ".join(f"{c:>11.2f}" if isinstance(c, float) else f"{c:>11}" for c in cells))


async def run(sizes: Sequence[int], spaces: int, folder: Path | None) -> list[Row]:
    rows = []
    plans = [(1, size) for size in sizes] + ([(spaces, PER_SPACE)] if spaces else [])
    for count, passages in plans:
        with tempfile.TemporaryDirectory(dir=folder) as root:
            print(f"{count} x {passages} passages …", flush=True)
            places = [Partition("ten_bench", f"spc_{n}") for n in range(count)]
            rows += await measure(Path(root), places, passages)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="*", default=[5_000, 50_000, 100_000, 200_000])
    parser.add_argument("--spaces", type=int, default=SPACES)
    parser.add_argument("--quick", action="store_true", help="5,000 passages and 100 spaces")
    parser.add_argument("--folder", type=Path, help="where to put the files")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows as JSON too")
    given = parser.parse_args()
    sizes, spaces = ([5_000], 100) if given.quick else (given.sizes, given.spaces)
    rows = asyncio.run(run(sizes, spaces, given.folder))
    show(rows)
    if given.json:
        given.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))


if __name__ == "__main__":
    main()
