import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath

MOST_LINES = 250
MOST_FUNCTION_LINES = 40
# path, or path:function -> why it may be longer.
EXCEPTIONS: Mapping[str, str] = {}
WITHOUT_A_ROLE = {
    "util", "utils", "helper", "helpers", "common", "base", "manager", "managers", "impl", "misc",
}  # fmt: skip
Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def too_long(sources: Mapping[str, str], trees: Mapping[str, ast.Module]) -> dict[str, int]:
    lengths = {name: len(text.splitlines()) for name, text in sources.items()}
    found = {name: lines for name, lines in lengths.items() if lines > MOST_LINES}
    for name, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > MOST_FUNCTION_LINES:
                    found[f"{name}:{node.name}"] = lines
    return found


def test_files_and_functions_are_short(
    sources: Mapping[str, str], trees: Mapping[str, ast.Module]
) -> None:
    found = too_long(sources, trees)
    assert {where: n for where, n in found.items() if where not in EXCEPTIONS} == {}


def test_no_exception_outlives_its_reason(
    sources: Mapping[str, str], trees: Mapping[str, ast.Module]
) -> None:
    assert set(EXCEPTIONS) - set(too_long(sources, trees)) == set()


def words(name: str) -> Iterator[str]:
    for part in re.split(r"[^A-Za-z0-9]+", name):
        yield from (
            word.casefold() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", part)
        )


def test_words_are_split_as_people_read_them() -> None:
    assert list(words("BaseHTTPThing_of2 parts")) == ["base", "http", "thing", "of2", "parts"]


def test_every_name_tells_a_role(tracked: tuple[str, ...], trees: Mapping[str, ast.Module]) -> None:
    names = [(path, part) for path in tracked for part in PurePath(path).parts]
    names += [
        (path, node.name)
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, Named) and not node.name.startswith("test_")
    ]
    assert [(path, name) for path, name in names if WITHOUT_A_ROLE.intersection(words(name))] == []


def test_no_class_is_named_after_being_abstract(trees: Mapping[str, ast.Module]) -> None:
    classes = [
        (path, node.name)
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    ]
    assert classes
    assert [named for named in classes if re.match(r"Abstract|I[A-Z][a-z]", named[1])] == []


def test_tests_live_without_packages(tracked: tuple[str, ...]) -> None:
    assert [name for name in tracked if name.startswith("tests/") and "__init__" in name] == []
