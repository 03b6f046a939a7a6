"""Questions over 5,000 chunks of real text, eight at a time, and the same put to the peers."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import repeat

from api_corpus import corpus
from api_eva import fill, make_space, serving, sound
from api_measure import Measured, closed_loop
from api_processes import NotRunningError
from api_report import Cells, Row, Verdict
from api_setting import Setting
from peers import bm25_txtai, chat_openwebui, vectors_chroma
from peers.standing import AbsentError, Standing

PER_SECOND, P95_MS = 150.0, 80.0
CONNECTIONS = 8
QUESTIONS = 4000  # more than are asked in a run, so that no answer is a repetition
_PEERS = {"txtai": bm25_txtai, "chromadb": vectors_chroma, "open-webui": chat_openwebui}
_RIVALS = (("txtai", "BM25", 1.0), ("open-webui", "chat", 6.0))
Told = dict[tuple[str, str], Measured]
_Stand = Callable[..., AbstractContextManager[Standing]]


def measure(setting: Setting) -> Row:
    held = corpus(setting.chunks)
    row, found, absent = Row(f"Ask over {setting.chunks:,} chunks"), Told(), {}
    questions = held.questions(QUESTIONS)
    row.remarks += [
        f"corpus {held.digest}: {_shares(held.kinds)}",
        f"{CONNECTIONS} connections in closed loop; all statuses 200, a sample of answers checked;",
        "CPU is the server tree's, `others` the cores taken by anything else meanwhile.",
    ]
    _ours(setting, questions, found, row)
    for name, module in _PEERS.items():
        try:
            _theirs(setting, module.stand, questions, found, row)
        except (AbsentError, NotRunningError) as reason:
            absent[name] = str(reason)
            row.remarks.append(f"!! {name} WAS NOT MEASURED: {reason}")
    row.verdicts += _verdicts(found, absent)
    return row


def _ours(setting: Setting, questions: list[str], found: Told, row: Row) -> None:
    documents = corpus(setting.chunks).documents()
    with serving(setting.folder("ask")) as eva:
        with eva.client() as http:
            space_id = make_space(http, "Corpus")
        began = eva.server.cpu()
        passages = fill(eva, [space_id], documents)
        spent = eva.server.cpu() - began
        setting.say(f"  EVA holds {passages} passages ({spent:.1f} s of CPU)")
        asks = eva.asks(questions, repeat(space_id))
        for connections in (CONNECTIONS, 1):
            seconds = setting.pick(quick=3.0, usual=8.0)
            measured = closed_loop(
                eva.server, asks, sound, connections=connections, seconds=seconds
            )
            found["EVA", f"ask, {connections}"] = measured
            row.figures.append(_figures("EVA", f"ask, {connections} at a time", measured))
            setting.say(f"  {row.figures[-1]}")
    row.remarks.append(f"EVA: {passages} passages; answers composed, every citation re-checked")


def _theirs(setting: Setting, stand: _Stand, questions: list[str], found: Told, row: Row) -> None:
    with stand(corpus(setting.chunks), questions, setting.root) as peer:
        setting.say(f"  {peer.name} holds {peer.passages} passages after {peer.ingest_s:.1f} s")
        for one in peer.questions:
            seconds = setting.pick(quick=3.0, usual=6.0)
            measured = closed_loop(peer.server, one.requests, one.sound, seconds=seconds)
            found[peer.name, one.label] = measured
            row.figures.append(_figures(peer.name, one.label, measured))
            row.remarks.append(f"{peer.name} {one.label}: {one.says}")
            setting.say(f"  {row.figures[-1]}")


def _figures(name: str, label: str, measured: Measured) -> Cells:
    return {
        "server": f"{name}: {label}",
        "requests/s": measured.per_second,
        "p50 ms": measured.p50_ms,
        "p95 ms": measured.p95_ms,
        "p99 ms": measured.p99_ms,
        "CPU ms": measured.cpu_ms,
        "RSS MB": measured.resident_mb,
        "requests": measured.requests,
        "others": measured.others,
    }


def _verdicts(found: Told, absent: dict[str, str]) -> list[Verdict]:
    ours = found["EVA", f"ask, {CONNECTIONS}"]
    verdicts = []
    for name, label, limit in _RIVALS:
        theirs = found.get((name, label))
        ratio = ours.per_second / theirs.per_second if theirs else None
        what, note = f"ask ÷ {name} {label}, requests/s", absent.get(name, "")
        verdicts.append(Verdict(what, ratio, limit, " x", at_least=True, note=note))
    verdicts.append(Verdict("ask, 8 at a time", ours.per_second, PER_SECOND, "/s", at_least=True))
    verdicts.append(Verdict("ask, p95", ours.p95_ms, P95_MS, " ms"))
    return verdicts


def _shares(kinds: dict[str, int]) -> str:
    ordered = sorted(kinds.items(), key=lambda item: -item[1])
    return ", ".join(f"{count} from {kind}" for kind, count in ordered)
