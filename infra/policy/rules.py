"""A rule: a name, a sentence that is true where it holds, and what finds where it does not."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

Props: TypeAlias = Mapping[str, Any]
PROD = "prod"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A resource as policies see it: `kind` without the provider, properties as Azure has them."""

    kind: str
    name: str
    props: Props
    protected: bool = False

    def get(self, path: str) -> Any:  # noqa: ANN401 - any property
        """Return a property by its path; None where a step of it is missing."""
        found: Any = self.props
        for step in path.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceRule:
    """A rule on single resources; `find` yields what is wrong with one."""

    name: str
    statement: str
    find: Callable[[Seen], Iterator[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StackRule:
    """A rule on a whole stack; `find` yields what is wrong, with the resource's name."""

    name: str
    statement: str
    find: Callable[[Sequence[Seen]], Iterator[str]]


Rule: TypeAlias = ResourceRule | StackRule
Wanted: TypeAlias = Mapping[str, Mapping[str, object]]


def must_be(wanted: Wanted) -> Callable[[Seen], Iterator[str]]:
    """Return what finds properties, by kind and path, that have another value than they must."""

    def find(seen: Seen) -> Iterator[str]:
        for path, value in wanted.get(seen.kind, {}).items():
            if (found := seen.get(path)) != value:
                yield f"{path} is {found!r}, not {value!r}"

    return find


def environment(stack: Sequence[Seen]) -> str:
    """Return which environment a stack says that it is, in its tags."""
    return next((seen.get("tags.env") for seen in stack if seen.get("tags.env")), "")
