"""While evidence is made, everybody can see what runs, for how long, and what is left."""

import re
import time
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

from rich.console import Console

from pipelines.readiness.evidence.making import Crew, make_all
from pipelines.readiness.evidence.planning import State, Step
from pipelines.readiness.evidence.progress import Progress
from tests.pipelines.small_repository import Repository


def test_a_line_says_what_runs_for_how_long_and_what_is_left() -> None:
    progress = Progress(["chaos", "zap", "e2e"], {"chaos": timedelta(minutes=9, seconds=0.7)})
    now = datetime.now(UTC) + timedelta(seconds=312.5)
    assert progress.line(now) == "running nothing; 3 left: chaos, zap, e2e"
    with progress.under_way("chaos"):
        line = "running chaos 0:05:12 (last time 0:09:00); 2 left: zap, e2e"
        assert progress.line(now) == line
        with progress.under_way("e2e"), progress.under_way("zap"):
            assert progress.line(now).endswith(", e2e 0:05:12, zap 0:05:12; nothing left")
        assert progress.line(now).endswith("; nothing left")
    assert progress.line(now) == "running nothing; nothing left"


class Seen(StringIO):
    """A file that lets a tool go on once it was told of."""

    def __init__(self, word: str, then: Path) -> None:
        super().__init__()
        self._word, self._then = word, then

    def write(self, text: str) -> int:
        written = super().write(text)
        if self._word in self.getvalue():
            self._then.touch()
        return written


def waiting(ready: Repository, then: Path) -> Step:
    """A step whose tool waits for a file."""
    command = f'until test -e "{then}"; do sleep 0.05; done; cp report.xml {{report}}'
    policy = ready.root / "pipelines/readiness/evidence.toml"
    was = policy.read_text()
    policy.write_text(was.replace('["cp", "report.xml", "{report}"]', f"['sh','-c','{command}']"))
    return Step(source=ready.policy.sources["tests"], state=State.MAKE)


def test_a_log_is_told_again_and_again_while_a_tool_runs(ready: Repository, tmp_path: Path) -> None:
    then = tmp_path / "seen"
    file = Seen("running tests 0:0", then)
    crew = Crew(
        workshop=ready.workshop(),
        jobs=1,
        console=Console(file=file, width=100),
        every=timedelta(milliseconds=20),
    )
    [made] = make_all([waiting(ready, then)], crew)
    assert made.exit_code == 0
    told = file.getvalue().splitlines()
    assert any(re.fullmatch(r"running tests 0:0\S+; nothing left", line) for line in told)
    assert any(line.endswith("1 of 1 looked at, code 0") for line in told)


def test_a_log_is_told_nothing_while_nothing_runs() -> None:
    file = StringIO()
    progress = Progress(["tests"], {}, every=timedelta(milliseconds=1))
    with progress.told(Console(file=file, width=100)):
        time.sleep(0.05)
    assert file.getvalue() == ""


def test_a_terminal_has_one_line_that_changes(ready: Repository, tmp_path: Path) -> None:
    then = tmp_path / "seen"
    file = Seen("running tests 0:0", then)
    console = Console(file=file, width=100, force_terminal=True, _environ={"TERM": "xterm"})
    [made] = make_all(
        [waiting(ready, then)], Crew(workshop=ready.workshop(), jobs=1, console=console)
    )
    assert made.exit_code == 0
    erase_line = "\x1b[2K"
    assert erase_line in file.getvalue()
