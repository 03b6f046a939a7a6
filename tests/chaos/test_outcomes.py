import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chaos import run
from chaos.outcomes import failed, recovery_s, well, writes, wrong
from chaos.page import page
from chaos.picture import picture
from chaos.stage import FAULTS
from pipelines.readiness.checks import chaos as gate
from pipelines.readiness.checks.check import Asked

Journal = dict[str, Any]
NAME = "chaos/experiments/blobs-slow.yaml"


def judged(journal: Journal) -> list[str]:
    report = json.dumps({"journals": {NAME: journal}}).encode()
    reading = gate.read(report, Asked(now=datetime.now(UTC), options={"experiments": [NAME]}))
    return [*reading.errors, *(one.rule for one in reading.findings)]


def test_a_journal_of_all_that_went_well_is_well_here_and_at_the_gate(journal: Journal) -> None:
    assert well(journal)
    assert list(wrong(journal)) == []
    assert judged(journal) == []


@pytest.mark.parametrize("part", ["run", "rollbacks"])
def test_one_failed_activity_is_enough(journal: Journal, part: str) -> None:
    journal[part][0] |= {"status": "failed", "exception": ["…", "ActivityFailed: no such proxy"]}
    assert not well(journal)
    assert [text.partition(": ")[2] for text in wrong(journal)] == ["no such proxy"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_steady_state_is_told_with_what_was_lost(journal: Journal, when: str) -> None:
    state = journal["steady_states"][when]
    state["steady_state_met"] = state["probes"][1]["tolerance_met"] = False
    assert not well(journal)
    assert list(wrong(journal)) == [f"no steady state {when}: reads are in time"]
    assert judged(journal) == [f"steady-state-{when}"]


def test_an_interrupted_experiment_is_not_well(journal: Journal) -> None:
    assert not well({**journal, "status": "interrupted"})
    assert not well({**journal, "run": []})


def test_a_control_fails_for_its_own_reason_only(journal: Journal) -> None:
    activity = journal["run"][1]["activity"]["name"]
    assert not failed(journal, activity)
    journal["run"][1]["status"] = "failed"
    assert failed(journal, activity)
    assert not failed(journal, journal["run"][0]["activity"]["name"])
    journal["steady_states"]["before"]["steady_state_met"] = False
    assert not failed(journal, activity)


def test_the_page_shows_question_verdict_recovery_and_writes(journal: Journal) -> None:
    bad = copy.deepcopy(journal)
    bad["run"][1] |= {"status": "failed", "exception": ["ActivityFailed: <b>late</b>"]}
    made = page({"good": journal, "bad": bad})
    assert made.count("What if Blob Storage is slow?") == 4
    assert f"{recovery_s(journal):g} s" in made
    assert writes(journal)["acknowledged"] in made
    assert '<span class="no">NO</span>' in made
    assert "&lt;b&gt;late&lt;/b&gt;" in made


def test_the_page_tells_whether_a_control_failed_as_it_has_to(journal: Journal) -> None:
    [extension] = journal["experiment"]["extensions"]
    extension["without_breaker"] = journal["run"][1]["activity"]["name"]
    assert "IT DID NOT" in page({}, {"silent": journal})
    journal["run"][1]["status"] = "failed"
    assert "so it did" in page({}, {"silent": journal})


def test_the_picture_has_a_bar_a_second_and_lines_of_the_fault(journal: Journal) -> None:
    drawn = picture(journal)
    assert drawn.count("<g>") == len(journal["seen"])
    assert drawn.count("<line") == 2
    assert "-" not in drawn.partition('x1="')[2].partition('"')[0], "not before the first request"
    assert picture({**journal, "seen": []}) == "<p>No request was seen.</p>"


def test_an_unknown_experiment_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["no-such"]) == 2
    assert "no experiment no-such" in capsys.readouterr().err


def test_no_report_for_the_gate_is_made_with_slack(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CHAOS_SLACK", "3")
    assert run.main(["redis-lost", "--report", str(tmp_path / "report.json")]) == 2
    assert "made without CHAOS_SLACK" in capsys.readouterr().err


def test_what_cannot_run_here_is_told_as_not_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(FAULTS, raising=False)
    assert run.main(["redis-lost", "--journals", str(tmp_path)]) == 2
    assert "NOT RUN: needs the peers" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []
