"""What was registered: plain data to be asserted on, exported, priced and drawn."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A resource as the engine was told of it. Inputs are in the provider's spelling."""

    urn: str
    type: str
    name: str
    custom: bool
    inputs: Mapping[str, Any]
    id: str
    parent: str
    dependencies: Sequence[str]
    property_dependencies: Mapping[str, Sequence[str]]
    protect: bool
    ignore_changes: Sequence[str]
    delete_before_replace: bool

    @property
    def kind(self) -> str:
        """Return its type without the provider: `storage:StorageAccount`."""
        return self.type.removeprefix("azure-native:")


@dataclass(frozen=True, kw_only=True)
class Graph:
    """A stack's resources in the order of their URNs, and its outputs."""

    stack: str
    resources: Sequence[Recorded]
    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def custom(self) -> Iterator[Recorded]:
        """Yield what exists on Azure: components do not."""
        return (one for one in self.resources if one.custom)

    def of(self, kind: str) -> list[Recorded]:
        """Return the resources of a kind, such as `storage:StorageAccount`."""
        return [one for one in self.resources if one.kind == kind]

    def named(self, kind: str, name: str) -> Recorded:
        """Return the one resource of a kind with this logical name."""
        [found] = [one for one in self.of(kind) if one.name == name]
        return found
