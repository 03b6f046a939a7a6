"""Test collections: documents, questions, and which documents answer which."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

OWN = Path(__file__).with_name("data")
HERE = Path(__file__).resolve().parents[1]
DEFAULT = HERE.parent / "shared" / "data" / "retrieval"


@dataclass(frozen=True, slots=True)
class Question:
    id: str
    text: str
    kind: str  # "direct", "paraphrase", "typo": answerable; "absent", "off-topic": not
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Collection:
    """`relevant` are the ids of the documents that answer a question."""

    name: str
    language: str
    documents: tuple[Mapping[str, str], ...]  # id, title, text
    questions: tuple[Question, ...]
    relevant: Mapping[str, frozenset[str]]

    @property
    def answerable(self) -> list[Question]:
        return [question for question in self.questions if self.relevant.get(question.id)]


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines() if line]


def load(folder: Path) -> Collection:
    relevant: dict[str, set[str]] = {}
    for line in (folder / "qrels.tsv").read_text().splitlines():
        question, document, grade = line.split("\t")
        if grade.isdecimal() and int(grade) > 0:
            relevant.setdefault(question, set()).add(document)
    questions = tuple(
        Question(
            id=str(one["id"]),
            text=str(one["text"]),
            kind=str(one.get("kind", "direct")),
            answers=tuple(one.get("answers", ())),  # type: ignore[arg-type]
        )
        for one in lines(folder / "queries.jsonl")
    )
    return Collection(
        name=folder.name,
        language=str(json.loads((folder / "META.json").read_text())["lang"]),
        documents=tuple(
            {name: str(one.get(name) or "") for name in ("id", "title", "text")}
            for one in lines(folder / "docs.jsonl")
        ),
        questions=questions,
        relevant={question: frozenset(found) for question, found in relevant.items()},
    )


def collections(data: Path | None, *, own_only: bool) -> list[Collection]:
    """Our own collections, and those of the data folder; its absence is said aloud."""
    found = [load(folder) for folder in sorted(OWN.iterdir()) if folder.is_dir()]
    if own_only:
        return found
    folder = data or Path(os.environ.get("EVA_RETRIEVAL_DATA", DEFAULT))
    if not folder.is_dir():
        print(
            f"SKIPPED: public collections, there is no {folder} (EVA_RETRIEVAL_DATA)",
            file=sys.stderr,
        )
        return found
    return found + [load(path) for path in sorted(folder.iterdir()) if path.is_dir()]
