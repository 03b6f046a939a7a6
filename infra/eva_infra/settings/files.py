"""Stack files read without the Pulumi command line, as it would read them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import yaml

from eva_infra.settings.reading import SettingsError, plain
from eva_infra.settings.stack import Settings

PROJECT = "eva-api"
FOLDER = Path(__file__).parents[2]
STACKS = ("dev", "staging", "prod")


def config_of(stack: str) -> dict[str, str]:
    """Return the whole configuration of a stack file, by full name, each value as text."""
    path = FOLDER / f"Pulumi.{stack}.yaml"
    if not path.is_file():
        raise SettingsError([f"{path.name}: there is no such stack file"])
    content = cast("Mapping[str, Any]", yaml.safe_load(path.read_text()) or {})
    rows = cast("Mapping[str, object]", content.get("config") or {})
    return {name: plain(value) for name, value in rows.items()}


def settings_of(stack: str, **replaced: str) -> Settings:
    """Return the settings of a stack file, some replaced by their names in it."""
    return from_config(stack, config_of(stack) | _qualified(replaced))


def from_config(stack: str, config: Mapping[str, str]) -> Settings:
    """Return the settings within a whole configuration."""
    prefix = f"{PROJECT}:"
    own = {n.removeprefix(prefix): v for n, v in config.items() if n.startswith(prefix)}
    return Settings.read(stack, own)


def _qualified(values: Mapping[str, str]) -> dict[str, str]:
    return {f"{PROJECT}:{name}": value for name, value in values.items()}
