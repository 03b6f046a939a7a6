"""What the stacks do with each setting of the service; `of_service.toml` says it and why."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

DECIDED = Path(__file__).with_name("of_service.toml")


def left_to_owners() -> Mapping[str, str]:
    """Return the settings that a stack file may give, each with what for."""
    return _decided()["left_to_owners"]


def left_alone() -> Mapping[str, str]:
    """Return the settings that no stack gives, each with why."""
    return _decided()["left_alone"]


def _decided() -> Mapping[str, Mapping[str, str]]:
    found: Mapping[str, Mapping[str, str]] = tomllib.loads(DECIDED.read_text())
    return found
