"""Collections of questions: `docs.jsonl`, `queries.jsonl`, `qrels.tsv`, `META.json` in a folder."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Document:
    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """`answers` are strings that a right answer contains; without `relevant` there is none."""

    id: str
    text: str
    answers: tuple[str, ...]
    relevant: frozenset[str]


@dataclass(frozen=True, slots=True)
class Collection:
    name: str
    language: str
    documents: tuple[Document, ...]
    questions: tuple[Question, ...]


def load(folder: Path) -> Collection:
    meta = json.loads((folder / "META.json").read_text())
    relevant: dict[str, set[str]] = {}
    for line in (folder / "qrels.tsv").read_text().splitlines():
        question, document, grade = line.split("\t")
        if int(grade) > 0:  # binary gain: published scales disagree
            relevant.setdefault(question, set()).add(document)
    documents = tuple(
        Document(d["id"], d.get("title", ""), d["text"]) for d in _lines(folder / "docs.jsonl")
    )
    questions = tuple(
        Question(
            q["id"],
            q["text"],
            tuple(q.get("answers", ())),
            frozenset(relevant.get(q["id"], ())),
        )
        for q in _lines(folder / "queries.jsonl")
    )
    return Collection(meta["name"], meta["lang"], documents, questions)


def _lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def ndcg(ranking: Sequence[str], relevant: frozenset[str], depth: int = 10) -> float:
    """Normalised discounted cumulative gain with binary gain (Järvelin and Kekäläinen, 2002)."""
    gain = sum(1 / math.log2(n + 2) for n, d in enumerate(ranking[:depth]) if d in relevant)
    ideal = sum(1 / math.log2(n + 2) for n in range(min(depth, len(relevant))))
    return gain / ideal if ideal else 0.0


def recall(ranking: Sequence[str], relevant: frozenset[str], depth: int = 100) -> float:
    return len(set(ranking[:depth]) & relevant) / len(relevant) if relevant else 0.0


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def quality(
    rankings: Mapping[str, Sequence[str]], questions: Sequence[Question]
) -> dict[str, float]:
    """Return nDCG@10 and recall@100 over the questions that have an answer."""
    judged = [q for q in questions if q.relevant]
    return {
        "ndcg": mean([ndcg(rankings[q.id], q.relevant) for q in judged]),
        "recall": mean([recall(rankings[q.id], q.relevant) for q in judged]),
    }
