"""Graphs that were broken on purpose."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from eva_infra.recording import Graph, Recorded


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """One thing done to the first resource of a kind (of this name): a value, or `change`."""

    policy: str
    kind: str
    path: str = ""
    value: object = None
    name: str = ""
    change: Callable[[Recorded], Recorded | None] | None = None

    @property
    def id(self) -> str:
        """Return what tests are called by."""
        what = self.path or (self.change.__name__ if self.change else "")
        return "-".join(filter(None, (self.policy, self.kind.partition(":")[2], self.name, what)))

    def applied(self, graph: Graph) -> Graph:
        """Return the graph with this done to it."""
        changed: list[Recorded] = []
        done = False
        for one in graph.resources:
            if not done and one.kind == self.kind and self.name in {"", one.name}:
                done = True
                found = self._changed(one)
                changed += [found] if found else []
            else:
                changed.append(one)
        assert done, f"the graph has no {self.kind} {self.name}"
        return replace(graph, resources=tuple(changed))

    def _changed(self, one: Recorded) -> Recorded | None:
        if self.change:
            return self.change(one)
        inputs = copy.deepcopy(dict(one.inputs))
        put(inputs, self.path, self.value)
        return replace(one, inputs=inputs)


def put(inputs: dict[str, Any], path: str, value: object) -> None:
    """Set a property by its path; a step of digits is a place in a list."""
    *steps, last = path.split(".")
    found: Any = inputs
    for step in steps:
        found = found[int(step)] if step.isdigit() else found[step]
    found[int(last) if last.isdigit() else last] = value


def dropped(_: Recorded) -> None:
    """Remove the resource."""
    return


def unprotected(one: Recorded) -> Recorded:
    """Remove its protection."""
    return replace(one, protect=False)


def beside_the_audit_trail(one: Recorded) -> Recorded:
    """Move a container into the account of the audit trail."""
    account = str(one.inputs["accountName"]).replace("docs", "aud")
    return replace(one, inputs={**one.inputs, "accountName": account})
