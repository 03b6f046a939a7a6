"""A few seconds of load on a real service: that journeys fit it, and that a slow build fails."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.app.cli.running import without_settings

RUN = Path("load-tests") / "run.py"
SLOW_MS = 1500
TINY = {
    "profiles": {
        "tiny": {
            "users": 4,
            "spawn_rate": 4,
            "think_time_s": [0.01, 0.05],
            "duration_s": 180,
            "min_requests": 1,
            "most_requests": 60,
            "classes": {name: {"p95_ms": SLOW_MS, "error_rate": 0} for name in ("read", "ask")},
        }
    }
}


def loaded(folder: Path, *options: str) -> dict[str, Any]:
    """Put a service under a little load; return what was seen. How it is judged is asked apart:
    on a busy machine the generator is too late for any verdict."""
    objectives = folder / "thresholds.json"
    objectives.write_text(json.dumps(TINY))
    done = subprocess.run(
        [sys.executable, str(RUN), "--profile", "tiny", "--objectives", str(objectives),
         "--out", str(folder), "--report", str(folder / "report.json"), "--json", *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
        env=without_settings(),
    )  # fmt: skip
    assert (folder / "report.json").is_file(), done.stdout + done.stderr
    told: dict[str, Any] = json.loads((folder / "report.json").read_text())
    assert json.loads(done.stdout)["outcome"] == told["outcome"]
    assert done.returncode == {"passed": 0, "refused": 1, "failed": 3}[told["outcome"]]
    return told


def test_every_journey_fits_the_service(tmp_path: Path) -> None:
    told = loaded(tmp_path)
    classes = {one["name"]: one for one in told["stats"]}
    assert set(classes) >= {"read", "ask"}
    assert sum(one["num_requests"] for one in classes.values()) >= 60
    assert sum(one["num_failures"] for one in classes.values()) == 0
    seen = json.loads((tmp_path / "tiny.json").read_text())["run"]
    assert seen["unexpected"] == {}
    assert "<svg" in (tmp_path / "tiny.html").read_text()
    assert (tmp_path / "tiny-locust_stats.csv").is_file()


@pytest.mark.slow
def test_a_build_that_is_slow_on_purpose_fails(
    tmp_path: Path, script: Callable[[str], ModuleType]
) -> None:
    loaded(tmp_path, "--through", str(SLOW_MS + 100))
    judging, plan = script("judging"), script("plan")
    seen = judging.seen(json.loads((tmp_path / "tiny.json").read_text())["run"], [])
    tiny = plan.profile("tiny", backend="embedded", path=tmp_path / "thresholds.json")
    broken = list(judging.breaches(tiny, seen.classes))
    assert [reason.partition(":")[0] for reason in broken] == ["read", "ask"], broken


def test_a_service_that_is_not_there_is_no_result(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(RUN), "--url", "http://127.0.0.1:9", "--out", str(tmp_path)],
        env=without_settings(),  # whoever runs this may have a key of their own
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "EVA_API_KEY must hold an administrator's key" in done.stderr


@pytest.mark.parametrize("report", [".", "nowhere/report.json"])
def test_a_report_that_cannot_be_written_is_refused_before_any_load(
    tmp_path: Path, report: str
) -> None:
    done = subprocess.run(
        [sys.executable, str(RUN), "--out", str(tmp_path), "--report", str(tmp_path / report)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "is not a file in a folder that exists" in done.stderr
    assert list(tmp_path.iterdir()) == []
