"""The quality of search and answers on our own collections does not fall."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[5]
SLACK = 0.01  # below what was measured when these were last set
LEAST = {
    "services_en": {"ndcg": 0.960, "recall": 1.0, "whole": 0.775, "refused": 0.98},
    "services_fr": {"ndcg": 0.966, "recall": 0.975, "whole": 0.825, "refused": 0.85},
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("quality") / "report.json"
    only = [part for name in LEAST for part in ("--only", name)]
    subprocess.run(
        [
            sys.executable,
            "benchmarks/retrieval.py",
            "--data",
            str(path.parent),
            *only,
            "--json",
            path,
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return {row["collection"]: row for row in json.loads(path.read_text())}


@pytest.mark.parametrize("name", sorted(LEAST))
def test_search_and_answers_are_as_good_as_they_were(report: dict[str, Any], name: str) -> None:
    row = report[name]
    found = {**row["answers"], **row["engines"]["EVA"]}
    short = {key: found[key] for key, least in LEAST[name].items() if found[key] < least - SLACK}
    assert short == {}


@pytest.mark.parametrize("name", sorted(LEAST))
def test_every_citation_is_exact_and_every_sentence_has_one(
    report: dict[str, Any], name: str
) -> None:
    assert report[name]["answers"]["exact"] == 1.0
    assert report[name]["answers"]["cited"] == 1.0


@pytest.mark.parametrize("name", sorted(LEAST))
def test_search_is_better_than_plain_full_text_search(report: dict[str, Any], name: str) -> None:
    engines = report[name]["engines"]
    assert engines["EVA"]["ndcg"] > engines["SQLite FTS5"]["ndcg"]
