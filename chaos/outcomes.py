"""What came of an experiment, read from its journal."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import yaml

EXPERIMENTS = Path(__file__).parent / "experiments"
Journal: TypeAlias = Mapping[str, Any]


def every_experiment() -> dict[str, Path]:
    """Return all experiments by name; those in a folder of their own are asked for by name."""
    return {path.stem: path for path in sorted(EXPERIMENTS.rglob("*.yaml"), key=lambda p: p.stem)}


def experiment(path: Path) -> dict[str, Any]:
    """Return an experiment as it is written."""
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def ours(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what only this repository says of an experiment."""
    [found] = [one for one in said["extensions"] if one["name"] == "eva"]
    return dict(found)


def well(journal: Journal) -> bool:
    """Tell whether the steady state was met before and after, and every activity succeeded."""
    whole = journal["status"] == "completed" and not journal["deviated"]
    return whole and bool(journal["run"]) and not list(wrong(journal))


def wrong(journal: Journal) -> Iterator[str]:
    """Yield what did not go as it should, in words."""
    for when in ("before", "after"):
        state = journal["steady_states"].get(when) or {}
        if not state.get("steady_state_met"):
            lost = [one["activity"]["name"] for one in state.get("probes", ()) if not _met(one)]
            yield f"no steady state {when}: {', '.join(lost) or 'not looked at'}"
    for one in (*journal["run"], *journal["rollbacks"]):
        if one["status"] != "succeeded":
            yield f"{one['activity']['name']}: {_told(one)}"


def failed(journal: Journal, activity: str) -> bool:
    """Tell whether the experiment began in the steady state, and then this activity failed."""
    begun = (journal["steady_states"].get("before") or {}).get("steady_state_met")
    return bool(begun) and any(
        one["activity"]["name"] == activity and one["status"] == "failed" for one in journal["run"]
    )


def recovery_s(journal: Journal) -> float | None:
    """Return how long it took until the steady state was back; None if it never was."""
    seconds: float | None = _output(journal, "recover")
    return seconds


def writes(journal: Journal) -> Mapping[str, Any]:
    """Return what was acknowledged and looked at."""
    return _output(journal, "find_every_write") or {}


def _output(journal: Journal, function: str) -> Any:  # noqa: ANN401 - what the activity returned
    done = [one for one in journal["run"] if one["activity"]["provider"]["func"] == function]
    return done[0].get("output") if done else None


def _met(probe: Mapping[str, Any]) -> bool:
    return bool(probe["tolerance_met"])


def _told(one: Mapping[str, Any]) -> str:
    return str((one.get("exception") or ["?"])[-1]).strip().rpartition("ActivityFailed: ")[2][:400]
