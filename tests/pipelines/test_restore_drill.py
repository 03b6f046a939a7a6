"""The restore drill really loses a service, and would notice if the backup lacked something."""

import json
from pathlib import Path

import pytest

from pipelines.drills import restore, service
from pipelines.drills.restore import rehearse
from pipelines.readiness.checks import drill as check
from pipelines.readiness.checks.check import Asked
from tests.pipelines.court import NOW

OPTIONS = {
    "drill": "restore",
    "steps": ["back up", "restore", "compare"],
    "limits": {"rpo_seconds": 300, "rto_seconds": 3600},
}


def test_what_was_acknowledged_before_the_backup_is_there_after_the_drill() -> None:
    made = rehearse(documents=3)
    report = {"drill": "restore", "steps": made.steps, "measured": made.measured}
    reading = check.CHECK.read(json.dumps(report).encode(), Asked(options=OPTIONS, now=NOW))
    assert made.ok(), made.steps
    assert (reading.findings, reading.absent) == ((), ())
    assert made.measured["restored_documents"] >= 3
    assert made.measured["lost_documents"] > 0


def test_a_backup_that_lacks_a_document_fails_the_drill(monkeypatch: pytest.MonkeyPatch) -> None:
    real = service.run

    def forgetful(data: Path, *arguments: str) -> str:
        """Say of a backup that it is of later than it is: what came meanwhile is missing."""
        said = real(data, *arguments)
        return said.replace('"as_of": "20', '"as_of": "21') if arguments[0] == "backup" else said

    monkeypatch.setattr(restore, "run", forgetful)
    made = rehearse(documents=1)
    assert not made.ok()
    [failed] = [step for step in made.steps if not step["ok"]]
    assert failed["name"] == "compare"
    assert "documents are lost or changed" in failed["said"]
