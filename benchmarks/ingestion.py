"""Measure reading: extract, normalise and cut in a sandbox, beside the bare library.

Both are measured in the same run on the same files, by turns. `cpu x` compares the processor
time of everything that we do (this process and the child) with the library's, `wall x` the time
that passes; a child runs at a low priority, so on a busy machine only the first is fair. MB/s
are of text, in UTF-8.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import ingestion_corpus as corpus
import uvloop
from ingestion_bare import library
from rich.console import Console
from rich.table import Table

from app.adapters.extraction import PRELOAD, media, open_extractor
from app.adapters.fork_server import Limits
from app.adapters.sandbox import Sandbox
from app.core.models import Extraction
from app.core.ports import Extractor

PDF_TARGET = 1.5  # our pipeline's cost by the bare library's
TICK = os.sysconf("SC_CLK_TCK")
OUT = Console(width=110)


@dataclass(frozen=True)
class Cost:
    wall: float
    cpu: float

    def least(self, other: "Cost") -> "Cost":
        return Cost(min(self.wall, other.wall), min(self.cpu, other.cpu))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", type=int, default=10, help="size of the files (PDF: 20 pages)")
    parser.add_argument("--rounds", type=int, default=5, help="the best of so many is shown")
    parser.add_argument("--pdf", type=Path, help="measure this PDF, too")
    return parser.parse_args()


def children_cpu() -> float:
    """Return the processor time of ended grandchildren: what the fork server has reaped."""
    seconds = 0.0
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            seconds += (int(fields[13]) + int(fields[14])) / TICK
    return seconds


async def ours(extractor: Extractor, sample: corpus.Sample) -> Cost:
    start, cpu, children = time.perf_counter(), time.process_time(), children_cpu()
    await extractor.extract(sample.path, sample.media_type)
    wall, own = time.perf_counter() - start, time.process_time() - cpu
    return Cost(wall, own + children_cpu() - children)


def theirs(sample: corpus.Sample) -> Cost:
    start, cpu = time.perf_counter(), time.process_time()
    library(sample.media_type)(sample.path, sample.media_type)
    return Cost(time.perf_counter() - start, time.process_time() - cpu)


async def compare(
    extractor: Extractor, sample: corpus.Sample, rounds: int
) -> tuple[Cost, Cost, Extraction]:
    result = await extractor.extract(sample.path, sample.media_type)
    best = await ours(extractor, sample), theirs(sample)
    for _ in range(rounds - 1):
        best = best[0].least(await ours(extractor, sample)), best[1].least(theirs(sample))
    return *best, result


async def formats(extractor: Extractor, samples: list[corpus.Sample], rounds: int) -> None:
    table = Table(title="Reading: extract + normalise + cut, in a sandbox")
    for name in ("format", "file MB", "text MB", "MB/s", "pages/s", "passages"):
        table.add_column(name, justify="left" if name == "format" else "right")
    table.add_column("library")
    for name in ("its MB/s", "cpu x", "wall x"):
        table.add_column(name, justify="right")
    missed = []
    for sample in samples:
        mine, bare, result = await compare(extractor, sample, rounds)
        size = len(result.text.encode()) / 1e6
        ratio = mine.cpu / bare.cpu
        if sample.media_type == media.PDF and ratio > PDF_TARGET:
            missed.append(f"{sample.name}: {ratio:.2f}")
        table.add_row(
            sample.name,
            f"{sample.path.stat().st_size / 1e6:.2f}",
            f"{size:.2f}",
            f"{size / mine.wall:.1f}",
            f"{sample.pages / mine.wall:.0f}" if sample.pages else "",
            str(len(result.passages)),
            library(sample.media_type).__name__,
            f"{size / bare.wall:.1f}",
            f"{ratio:.2f}",
            f"{mine.wall / bare.wall:.2f}",
        )
    OUT.print(table)
    verdict = "missed by " + ", ".join(missed) if missed else "met"
    OUT.print(f"Target, PDF at most {PDF_TARGET} x the bare library's processor time: {verdict}\n")


async def calls(sandbox: Sandbox, extractor: Extractor, folder: Path) -> None:
    table = Table(title="Small things")
    for name in ("what", "ms each", "a second"):
        table.add_column(name, justify="left" if name == "what" else "right")

    def row(what: str, count: int, start: float) -> None:
        each = (time.perf_counter() - start) / count
        table.add_row(what, f"{1e3 * each:.2f}", f"{1 / each:.0f}")

    await sandbox.run(pow, 2, 2, timeout_s=10)
    start = time.perf_counter()
    for _ in range(100):
        await sandbox.run(pow, 2, 2, timeout_s=10)
    row("call of the sandbox, one after another", 100, start)
    start = time.perf_counter()
    await asyncio.gather(*(sandbox.run(pow, 2, 2, timeout_s=10) for _ in range(200)))
    row("call of the sandbox, two at a time", 200, start)
    start = time.perf_counter()
    for _ in range(5):
        command = [sys.executable, "-c", "import app.adapters.extraction.task"]
        subprocess.run(command, check=True)  # noqa: ASYNC221 - nothing else runs
    row("a process of its own, for comparison", 5, start)
    small = folder / "small.md"
    small.write_text("# Délai\n\n" + " ".join(corpus.paragraphs(2)))
    start = time.perf_counter()
    await asyncio.gather(*(extractor.extract(small, media.MARKDOWN) for _ in range(200)))
    row("Markdown file of 1 KB, two at a time", 200, start)
    OUT.print(table)


async def main(given: argparse.Namespace, folder: Path) -> None:
    sandbox = Sandbox(2, Limits(cpu_s=300), preload=PRELOAD)
    extractor = open_extractor(sandbox, timeout_s=300)
    samples = list(corpus.write(folder, given.scale))
    if given.pdf:
        pages = len((await extractor.extract(given.pdf, media.PDF)).pages)
        samples.append(corpus.Sample(given.pdf.name, given.pdf, media.PDF, pages))
    await formats(extractor, samples, given.rounds)
    await calls(sandbox, extractor, folder)
    await sandbox.aclose()


if __name__ == "__main__":
    options = arguments()
    with tempfile.TemporaryDirectory() as place:
        uvloop.run(main(options, Path(place)))
