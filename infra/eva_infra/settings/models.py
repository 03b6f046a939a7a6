"""Deployments of language models, as a stack file lists them."""

import json
from dataclasses import dataclass, fields
from typing import Any, cast

from eva_infra.settings.reading import Form, choice, text, whole

_FORMS: dict[str, Form[Any]] = {
    "deployment": text(r"[a-z][a-z0-9.-]{1,62}", "a name"),
    "role": choice("answers", "embeddings"),
    "model": text(r"[a-z0-9][a-z0-9.-]+", "the name of a model"),
    "version": text(r"[0-9]+|\d{4}-\d\d-\d\d", "the version of a model"),
    "sku": choice("Standard", "DataZoneStandard", "GlobalStandard", "ProvisionedManaged"),
    "capacity": whole(1, 10_000),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A deployment; `capacity` is in thousands of tokens a minute (provisioned: in units)."""

    deployment: str
    role: str
    model: str
    version: str
    sku: str
    capacity: int


def model() -> Form[Model]:
    """Return the form of one deployment; a ValueError names the part that is wrong."""

    def read(value: str) -> Model:
        given = cast("dict[str, object]", json.loads(value))
        names = {one.name for one in fields(Model)}
        if set(given) != names:
            raise ValueError(f"parts {sorted(names.symmetric_difference(given))}")
        return Model(**{name: _part(name, given[name]) for name in names})

    return Form(read, "an object with deployment, role, model, version, sku and capacity")


def _part(name: str, value: object) -> Any:  # noqa: ANN401 - each part has a type of its own
    try:
        return _FORMS[name].read(str(value))
    except (ValueError, KeyError) as wrong:
        raise ValueError(f"{name}: {value!r} is not {_FORMS[name].allowed}") from wrong
