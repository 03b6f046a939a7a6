"""A copy of the definitions that a test may spoil."""

import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEFINITIONS = ("signals.yaml", "objectives.yaml", "causes.yaml")


@dataclass(frozen=True)
class Project:
    """A folder with definitions and runbooks."""

    root: Path

    def spoil(self, path: str, old: str, new: str) -> int:
        """Replace a text that is there once; return the line that it was on."""
        file = self.root / path
        text = file.read_text()
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        file.write_text(text.replace(old, new))
        return text[: text.index(old)].count("\n") + 1


def copied(to: Path) -> Project:
    """Copy what generation reads."""
    (to / "dashboards").mkdir()
    for name in DEFINITIONS:
        shutil.copy(ROOT / "dashboards" / name, to / "dashboards")
    shutil.copytree(ROOT / "runbooks", to / "runbooks")
    return Project(to)
