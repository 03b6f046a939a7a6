"""The load objectives of `dashboards/objectives.yaml`, the only home of such numbers.

The file holds one document per objective; those of `kind: LoadProfile` say what one profile of load
must withstand: `metadata.name`, and `spec` with `users`, `min_requests`, and per endpoint class
`p95_ms` and `error_rate`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pipelines.readiness.located import ConfigurationError

KIND = "LoadProfile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What one class of endpoints must withstand: 95th percentile in ms, share of failures."""

    p95_ms: float
    error_rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One profile of load: users at once, requests that make it meaningful, limits per class."""

    users: int
    min_requests: int
    classes: Mapping[str, Limit]


Objectives = Mapping[str, Profile]


def read_objectives(path: Path, shown: str) -> Objectives | None:
    """Read the load profiles by name; None where there is no such file yet."""
    if not path.is_file():
        return None
    try:
        documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigurationError(shown, line, f"not YAML: {error.problem}") from None
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [d for d in documents if isinstance(d, dict) and d.get("kind") == KIND]
    try:
        return {made["metadata"]["name"]: _profile(made["spec"]) for made in found}
    except (KeyError, TypeError, ValueError) as error:
        line = next((n for n, text in enumerate(lines, 1) if KIND in text), 1)
        raise ConfigurationError(shown, line, f"not a {KIND}: {error!r}") from None


def _profile(spec: Mapping[str, Any]) -> Profile:
    classes = {
        name: Limit(p95_ms=float(limit["p95_ms"]), error_rate=float(limit["error_rate"]))
        for name, limit in spec["classes"].items()
    }
    if not classes:
        raise ValueError("no class of endpoints")
    return Profile(
        users=int(spec["users"]), min_requests=int(spec["min_requests"]), classes=classes
    )
