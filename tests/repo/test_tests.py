import ast
from collections.abc import Container, Iterable, Mapping

Function = ast.FunctionDef | ast.AsyncFunctionDef
CHECKS: set[str | None] = {"raises", "warns", "fail", "deprecated_call"}


def called(node: ast.AST) -> str | None:
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else None


def asserts(node: Function, asserting: Container[str | None]) -> bool:
    """Whether a function asserts, itself or through a function known to assert."""
    return any(
        isinstance(inner, ast.Assert) or called(inner) in asserting for inner in ast.walk(node)
    )


def asserting_functions(functions: Iterable[Function]) -> set[str | None]:
    found = set(CHECKS)
    while True:
        more = {f.name for f in functions if asserts(f, found)} - found
        if not more:
            return found
        found |= more


def is_test(path: str, function: Function) -> bool:
    return path.rpartition("/")[2].startswith("test_") and function.name.startswith("test_")


def test_every_test_asserts_something(trees: Mapping[str, ast.Module]) -> None:
    functions = {
        path: [node for node in ast.walk(tree) if isinstance(node, Function)]
        for path, tree in trees.items()
        if path.startswith("tests/")
    }
    shared = asserting_functions(
        f
        for path, found in functions.items()
        if not path.rpartition("/")[2].startswith("test_")
        for f in found
    )
    empty = []
    for path, found in functions.items():
        known = shared | asserting_functions(found)
        empty += [(path, f.name) for f in found if is_test(path, f) and not asserts(f, known)]
    assert empty == []


def test_a_test_without_assertion_would_be_found() -> None:
    [silent, loud] = ast.parse("def test_a(): run()\ndef test_b():\n  with raises(E): run()").body
    assert isinstance(silent, Function)
    assert isinstance(loud, Function)
    assert not asserts(silent, CHECKS)
    assert asserts(loud, CHECKS)


def test_names_of_tests_are_sentences(trees: Mapping[str, ast.Module]) -> None:
    short = [
        (path, node.name)
        for path, tree in trees.items()
        if path.startswith("tests/")
        for node in ast.walk(tree)
        if isinstance(node, Function) and is_test(path, node) and node.name.count("_") < 3
    ]
    assert short == []
