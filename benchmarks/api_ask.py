"""Questions over 5,000 chunks of real text, eight at a time, and the same put to the peers.

All servers stand at once and are asked in turns, so that a noisy moment hits all of them alike.
"""

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import repeat

from api_corpus import Corpus, corpus
from api_eva import fill, make_space, serving, sound
from api_measure import Load, Measured, WrongAnswerError, closed_loop
from api_processes import NotRunningError, Server
from api_report import Cells, Row, Verdict
from api_setting import Setting
from peers import bm25_txtai, chat_openwebui, vectors_chroma
from peers.standing import AbsentError, Question, Standing

PER_SECOND, P95_MS = 150.0, 80.0
CONNECTIONS = 8
_TRIED, _ANSWERED = 100, 0.9  # questions put beforehand, and how many of them have an answer
QUESTIONS = 8000  # more than are put to anyone, so that no answer is a repetition
_PEERS = {"txtai": bm25_txtai, "chromadb": vectors_chroma, "open-webui": chat_openwebui}
_EVA = "EVA: ask, 8 at a time"
_RIVALS = (("txtai", "txtai: BM25", 1.0), ("open-webui", "open-webui: chat", 6.0))


@dataclass
class Asked:
    """A server and a way to ask it, with what each turn measured."""

    name: str
    server: Server
    question: Question
    connections: int = CONNECTIONS
    turns: list[Measured] = field(default_factory=list)
    put: int = 0

    def turn(self, seconds: float) -> Measured:
        requests, cut = self.question.requests, self.put % len(self.question.requests)
        fresh = requests[cut:] + requests[:cut]
        load = Load(self.connections, seconds, warm_s=0.5 if self.turns else 2.0)
        measured = closed_loop(self.server, fresh, self.question.sound, load)
        self.turns.append(measured)
        self.put += measured.put
        return measured

    @property
    def best(self) -> Measured:
        return max(self.turns, key=lambda one: one.per_second)


def measure(setting: Setting) -> Row:
    held = corpus(setting.chunks)
    row, absent = Row(f"Ask over {setting.chunks:,} chunks"), dict[str, str]()
    row.remarks += [
        f"corpus {held.digest}: {_shares(held.kinds)}",
        f"{CONNECTIONS} connections in closed loop, all servers asked in turns, the best shown;",
        "all statuses 200, a sample of every turn's answers checked; CPU is the server tree's,",
        "`others` the cores that anything else took meanwhile.",
    ]
    with ExitStack() as stack:
        asked = [*stack.enter_context(_ours(setting, held, row))]
        questions = held.questions(QUESTIONS)
        for name, module in _PEERS.items():
            try:
                peer = stack.enter_context(module.stand(held, questions, setting.root))
            except (AbsentError, NotRunningError) as reason:
                absent[name] = str(reason)
                row.remarks.append(f"!! {name} WAS NOT MEASURED: {reason}")
                continue
            asked += _theirs(setting, peer, row)
        for _ in range(setting.pick(quick=2, usual=4)):
            for one in asked:
                setting.quiet()
                taken = one.turn(setting.pick(quick=2.0, usual=3.0))
                setting.say(f"  {one.name}: {taken.per_second:.1f}/s, {taken.cpu_ms:.2f} ms CPU")
    row.figures += [_figures(one) for one in asked]
    row.verdicts += _verdicts({one.name: one for one in asked}, absent)
    return row


@contextlib.contextmanager
def _ours(setting: Setting, held: Corpus, row: Row) -> Iterator[list[Asked]]:
    with serving(setting.folder("ask")) as eva:
        with eva.client() as http:
            space_id = make_space(http, "Corpus")
        passages = fill(eva, [space_id], held.documents())
        setting.say(f"  EVA holds {passages} passages")
        row.remarks.append(f"EVA: {passages} passages; answers composed, every citation re-checked")
        asks = eva.asks(held.questions(QUESTIONS), repeat(space_id))
        row.remarks.append(f"EVA: of {_TRIED} questions {_carried(eva.bands(asks[-_TRIED:]))}")
        question = Question("ask", "answer with checked citations", asks, sound)
        alone = Asked("EVA: ask, 1 at a time", eva.server, question, 1, put=QUESTIONS // 2)
        yield [Asked(_EVA, eva.server, question), alone]


def _carried(bands: Counter[str]) -> str:
    """Say how far the sources carried; whoever refuses to answer is quick, and not measured."""
    told = ", ".join(f"{count} {band}" for band, count in bands.most_common())
    if bands["answer"] < _ANSWERED * _TRIED:
        raise WrongAnswerError(f"EVA: too few answers: {told}")
    return told


def _theirs(setting: Setting, peer: Standing, row: Row) -> Iterator[Asked]:
    setting.say(f"  {peer.name} holds {peer.passages} passages after {peer.ingest_s:.1f} s")
    for question in peer.questions:
        name = f"{peer.name}: {question.label}"
        row.remarks.append(f"{name}: {question.says}")
        yield Asked(name, peer.server, question)


def _figures(asked: Asked) -> Cells:
    best = asked.best
    return {
        "server": asked.name,
        "requests/s": best.per_second,
        "p50 ms": best.p50_ms,
        "p95 ms": best.p95_ms,
        "p99 ms": best.p99_ms,
        "CPU ms": best.cpu_ms,
        "CPU ms least": min(one.cpu_ms for one in asked.turns),
        "RSS MB": best.resident_mb,
        "requests": sum(one.requests for one in asked.turns),
        "others": best.others,
    }


def _verdicts(asked: Mapping[str, Asked], absent: Mapping[str, str]) -> Iterator[Verdict]:
    ours = asked[_EVA]
    for peer, name, limit in _RIVALS:
        what, theirs = f"ask ÷ {name}, requests/s", asked.get(name)
        if theirs is None:
            yield Verdict(what, None, limit, " x", at_least=True, note=absent[peer])
            continue
        pairs = [a.per_second / b.per_second for a, b in zip(ours.turns, theirs.turns, strict=True)]
        note = f"of the best turns; turn by turn {min(pairs):.2f} to {max(pairs):.2f}"
        ratio = ours.best.per_second / theirs.best.per_second
        yield Verdict(what, ratio, limit, " x", at_least=True, note=note)
    yield Verdict("ask, 8 at a time", ours.best.per_second, PER_SECOND, "/s", at_least=True)
    yield Verdict("ask, p95", ours.best.p95_ms, P95_MS, " ms")


def _shares(kinds: Mapping[str, int]) -> str:
    ordered = sorted(kinds.items(), key=lambda item: -item[1])
    return ", ".join(f"{count} from {kind}" for kind, count in ordered)
