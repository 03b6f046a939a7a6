"""What uploads do to everybody else: a point read's p95 beside them, and the server's memory."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from api_corpus import corpus
from api_eva import Eva, make_space, serving, until_ready, upload
from api_files import pdf_file, text_file
from api_load import Outcome, Plan, run
from api_measure import check
from api_processes import MB
from api_report import Cells, Row, Verdict
from api_setting import Setting

SLOWER, ROOM_MB = 2.0, 64.0
RATE, CONNECTIONS = 100.0, 4
_PDF, _TEXT = "application/pdf", "text/plain"


def together(setting: Setting) -> Row:
    """Measure a point read alone, then while four files are uploaded and read."""
    chunks = corpus(setting.chunks).chunks
    root = setting.folder("together")
    pages, size = setting.pick(quick=(200, MB), usual=(1000, 3 * MB))
    files = [pdf_file(root / f"{n}.pdf", chunks[n * 900 :], pages) for n in range(2)]
    files += [text_file(root / f"{n}.txt", chunks[n * 900 :], size) for n in range(2, 4)]
    with serving(root) as eva, eva.client() as http:
        space_id = make_space(http, "Together")
        read = eva.read_space(space_id)
        run(Plan(eva.server.port, (read,), CONNECTIONS, 1.0, RATE))
        setting.quiet()
        alone = run(Plan(eva.server.port, (read,), CONNECTIONS, 6.0, RATE))
        disturbed, took, passages = _disturbed(eva, read, space_id, files, root / "done")
    for outcome in (alone, disturbed):
        check("EVA", outcome.statuses, outcome.samples, bool)
    told = ", ".join(f"{path.suffix[1:]} {path.stat().st_size / MB:.1f} MB" for path in files)
    what = "point read's p95 beside four uploads ÷ alone"
    ratio = disturbed.ms(95) / alone.ms(95)
    return Row(
        "Four uploads at once",
        [Verdict(what, ratio, SLOWER, " x", note=f"until all are ready, {took:.1f} s")],
        [_figures("alone", alone), _figures("beside four uploads", disturbed)],
        [
            f"{told}; {passages} passages; open loop of {RATE:g} reads/s, latency from when due",
        ],
    )


def _disturbed(
    eva: Eva, read: str, space_id: str, files: Sequence[Path], done: Path
) -> tuple[Outcome, float, int]:
    """Return the reads beside the uploads, the seconds until all are ready, and the passages."""
    found: list[Outcome] = []
    plan = Plan(eva.server.port, (read,), CONNECTIONS, 600.0, RATE, until=str(done))
    reading = threading.Thread(target=lambda: found.append(run(plan)))
    reading.start()
    try:
        with eva.client() as http, ThreadPoolExecutor(4) as hands:
            began = time.perf_counter()
            made = list(hands.map(lambda path: _send(eva, space_id, path), files))
            passages = until_ready(http, made)
            took = time.perf_counter() - began
    finally:
        done.touch()
        reading.join()
    return found[0], took, passages


def _send(eva: Eva, space_id: str, path: Path) -> str:
    with eva.client() as http, path.open("rb") as content:
        kind = _PDF if path.suffix == ".pdf" else _TEXT
        return upload(http, space_id, path.name, content, kind)


def _figures(name: str, outcome: Outcome) -> Cells:
    return {
        "point read": name,
        "p50 ms": outcome.ms(50),
        "p95 ms": outcome.ms(95),
        "p99 ms": outcome.ms(99),
        "max ms": outcome.ms(100),
        "requests": outcome.count,
    }


def large(setting: Setting) -> Row:
    """Measure how far one 100 MB file raises the serving process's memory."""
    root = setting.folder("large")
    path = pdf_file(root / "large.pdf", corpus(setting.chunks).chunks, 200, image_bytes=499_000)
    with serving(root) as eva, eva.client() as http:
        space_id = make_space(http, "Large")
        until_ready(http, [upload(http, space_id, "small.txt", b"A small text. " * 50, _TEXT)])
        time.sleep(1.0)
        before = eva.server.own_resident()
        eva.server.forget_peak()
        began = time.perf_counter()
        made = _send(eva, space_id, path)
        took, uploading = time.perf_counter() - began, eva.server.peak() - before
        until_ready(http, [made])
        reading = eva.server.peak() - before
    return Row(
        "A 100 MB upload",
        [
            Verdict("server's memory while uploading", uploading / MB, ROOM_MB, " MB more"),
            Verdict("… and until it is ready", reading / MB, ROOM_MB, " MB more"),
        ],
        [
            {
                "file MB": path.stat().st_size / MB,
                "upload s": took,
                "MB/s": path.stat().st_size / MB / took,
                "before MB": before / MB,
                "peak MB": (before + reading) / MB,
            }
        ],
        ["a PDF of 200 scanned pages with text; peak of resident memory of the serving process"],
    )
