"""YAML whose values know where they were written: what is wrong is named by file and line."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml


class DefinitionError(Exception):
    """A definition is malformed or contradicts another; `file:line: problem`."""

    def __init__(self, path: str, line: int, problem: str) -> None:
        super().__init__(f"{path}:{line}: {problem}")


class Part:
    """A value of a file. Each reader refuses what is wrong by file and line."""

    def __init__(self, node: yaml.Node, path: str) -> None:
        self.node = node
        self.path = path

    def refuse(self, problem: str) -> DefinitionError:
        """Return the error to raise about this value."""
        return DefinitionError(self.path, self.node.start_mark.line + 1, problem)

    def keys(self) -> dict[str, "Part"]:
        """Return the values of a table, in the order written; a key given twice is refused."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.refuse("must be a table")
        found: dict[str, Part] = {}
        for key, value in self.node.value:
            if key.value in found:
                raise Part(key, self.path).refuse(f"a second {key.value!r}")
            found[key.value] = Part(value, self.path)
        return found

    def only(self, *known: str) -> dict[str, "Part"]:
        """Return the values of a table that may have these keys and no others."""
        found = self.keys()
        for name, part in found.items():
            if name not in known:
                raise part.refuse(f"unknown key {name!r} (known: {', '.join(known)})")
        return found

    def part(self, *path: str) -> "Part":
        """Return what is found by one key after the other."""
        found = self
        for key in path:
            inner = found.keys().get(key)
            if inner is None:
                raise found.refuse(f"{key!r} is missing")
            found = inner
        return found

    def text(self, *path: str) -> str:
        """Return a text that is not blank."""
        found = self.part(*path)
        if not isinstance(found.node, yaml.ScalarNode) or not found.node.value.strip():
            raise found.refuse("must be a text")
        return str(found.node.value)

    def choice(self, known: Iterable[str], *path: str) -> str:
        """Return a text that is one of those known."""
        found, value = self.part(*path), self.text(*path)
        names = list(known)
        if value not in names:
            raise found.refuse(f"unknown {value!r} (known: {', '.join(names)})")
        return value

    def number(self, *path: str, least: float = 0, most: float = float("inf")) -> float:
        """Return a number within bounds, these included."""
        found = self.part(*path)
        try:
            value = float(found.text())
        except ValueError:
            raise found.refuse(f"{found.text()!r} is not a number") from None
        if not least <= value <= most:
            raise found.refuse(f"{value:g} is not within {least:g} and {most:g}")
        return value

    def items(self) -> Iterator["Part"]:
        """Return the values of a list, or the value alone."""
        if isinstance(self.node, yaml.SequenceNode):
            return (Part(node, self.path) for node in self.node.value)
        return iter((self,))

    def texts(self, *path: str) -> tuple[str, ...]:
        """Return the texts of a list, or a text alone."""
        return tuple(item.text() for item in self.part(*path).items())


def read(root: Path, path: str) -> list[Part]:
    """Read the documents of a YAML file; `path` is as shown to people, below the root."""
    try:
        text = (root / path).read_text(encoding="utf-8")
        nodes: list[yaml.Node] = list(yaml.compose_all(text, Loader=yaml.CSafeLoader))
    except FileNotFoundError:
        raise DefinitionError(path, 1, "no such file") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DefinitionError(path, line, f"not YAML: {error.problem}") from None
    return [Part(node, path) for node in nodes]
