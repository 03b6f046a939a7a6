"""Programs of others, replaced on PATH by one that answers as it is told to."""

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STUB = Path(__file__).with_name("stub_program.py")


@dataclass
class Programs:
    """`pulumi` and `az`; `answers` by the beginning of the command line."""

    folder: Path
    answers: dict[str, Any] = field(default_factory=dict[str, Any])

    def install(self) -> dict[str, str]:
        """Put them on PATH, and return the environment that finds them there."""
        for name in ("pulumi", "az"):
            path = self.folder / name
            path.write_text(
                f"#!{sys.executable} -IS\nimport sys\nsys.path.insert(0, {str(STUB.parent)!r})\n"
                f"import stub_program\nsys.exit(stub_program.main({name!r}))\n"
            )
            path.chmod(0o755)
        return {
            "PATH": f"{self.folder}{os.pathsep}{os.environ['PATH']}",
            "STUB_FOLDER": str(self.folder),
        }

    def told(self, line: str, *, stdout: object = None, **answer: Any) -> None:
        """Say what a call is answered with; anything but text is printed as JSON."""
        text = stdout if isinstance(stdout, str) else json.dumps(stdout)
        self.answers[line] = {"stdout": text, **answer}
        (self.folder / "answers.json").write_text(json.dumps(self.answers))

    def calls(self, name: str) -> list[list[str]]:
        """Return how a program was called."""
        path = self.folder / "calls"
        every = (
            [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        )
        return [words[1:] for words in every if words[0] == name]


def step(op: str, kind: str, name: str, *because: str) -> dict[str, Any]:
    """Return the event of a step that is about to be made."""
    type_ = f"azure-native:{kind}"
    urn = f"urn:pulumi:prod::eva-api::{type_}::{name}"
    return {
        "resourcePreEvent": {"metadata": {"op": op, "urn": urn, "type": type_, "diffs": because}}
    }


def summary(**counts: int) -> dict[str, Any]:
    """Return the event at the end of an operation."""
    return {"summaryEvent": {"resourceChanges": counts, "durationSeconds": 1, "PolicyPacks": {}}}


def policy(name: str, message: str) -> dict[str, Any]:
    """Return the event of a broken policy."""
    return {
        "policyEvent": {"policyName": name, "message": message, "enforcementLevel": "mandatory"}
    }
