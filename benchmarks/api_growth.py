"""How the cost of a question grows: with the passages of its space, and with the spaces."""

import time
from collections.abc import Iterator, Sequence
from itertools import cycle, repeat

from api_corpus import IN_ONE_DOCUMENT, Corpus, corpus
from api_eva import Eva, fill, make_space, serving, sound
from api_measure import Load, Measured, closed_loop
from api_report import Cells, Row, Verdict
from api_setting import Setting

SPACES, SAME = 1000, 1.5
_EACH = 2 * IN_ONE_DOCUMENT
_QUESTIONS = 4000


def measure(setting: Setting) -> Row:
    row = Row("Growth of an ask through HTTP")
    for size in setting.pick(quick=(500, 2000), usual=(5000, 50_000)):
        row.figures.append(_one_space(setting, size))
        setting.say(f"  {row.figures[-1]}")
    spaces = setting.pick(quick=50, usual=SPACES)
    one, many = (_several(setting, count, row) for count in (1, spaces))
    what = f"ask among {spaces:,} spaces ÷ one space of the same size, CPU"
    row.verdicts.append(Verdict(what, many.cpu_ms / one.cpu_ms, SAME, " x"))
    row.remarks.append("documents went in by upload; 8 connections in closed loop")
    return row


def _one_space(setting: Setting, size: int) -> Cells:
    held = corpus(size)
    with serving(setting.folder(f"growth-{size}")) as eva:
        with eva.client() as http:
            space_id = make_space(http, "Growth")
        began = time.perf_counter()
        passages = fill(eva, [space_id], held.documents())
        took = time.perf_counter() - began
        asks = eva.asks(held.questions(_QUESTIONS), repeat(space_id))
        measured = _asked(setting, eva, asks)
    return _figures(f"1 space, {size:,} chunks", passages, took, measured)


def _several(setting: Setting, count: int, row: Row) -> Measured:
    """Ask spaces of the same small size in turn, once each to warm them up."""
    held = corpus(count * _EACH)
    with serving(setting.folder(f"spaces-{count}")) as eva:
        with eva.client() as http:
            space_ids = [make_space(http, f"Space {n}") for n in range(count)]
        began = time.perf_counter()
        passages = fill(eva, space_ids, held.documents())
        took = time.perf_counter() - began
        asks = tuple(_dealt(eva, held, space_ids))
        closed_loop(eva.server, asks[:count], sound, Load(seconds=2.0))
        measured = _asked(setting, eva, asks)
    row.figures.append(_figures(f"{count:,} spaces, {_EACH} chunks each", passages, took, measured))
    setting.say(f"  {row.figures[-1]}")
    return measured


def _dealt(eva: Eva, held: Corpus, space_ids: Sequence[str]) -> Iterator[str]:
    """Yield questions that go round the spaces, each about what its space holds."""
    texts, count = [text for _, text in held.documents()], len(space_ids)
    each = -(-_QUESTIONS // count)
    asked = [Corpus(tuple(texts[n::count]), {}).questions(each) for n in range(count)]
    questions = (one for turn in zip(*asked, strict=True) for one in turn)
    yield from eva.asks(questions, cycle(space_ids))


def _asked(setting: Setting, eva: Eva, asks: tuple[str, ...]) -> Measured:
    setting.quiet()
    return closed_loop(eva.server, asks, sound, Load(seconds=setting.pick(quick=3.0, usual=8.0)))


def _figures(name: str, passages: int, took: float, measured: Measured) -> Cells:
    return {
        "ask": name,
        "passages": passages,
        "ingest s": took,
        "requests/s": measured.per_second,
        "p50 ms": measured.p50_ms,
        "p95 ms": measured.p95_ms,
        "CPU ms": measured.cpu_ms,
        "RSS MB": measured.resident_mb,
    }
