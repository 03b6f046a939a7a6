"""Tests that criteria, controls and threats name exist, or are known not to be written yet."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.readiness.checks.check import covered, matches
from tests.contract.table import KNOWN

ROOT = Path(__file__).parents[2]
BACKENDS = (*KNOWN, "aimock", "openai resource")
# GraphQL, the portal, the SDKs, the rights of persons and retention: what names them is missing.
NOT_WRITTEN = {
    "tests/app/web/graphql/*",
    "tests/app/web/portal/*",
    *(f"tests/sdk/*{language}*" for language in ("python", "typescript", "csharp")),
    "tests/app/web/*privacy*.py::*export*",
    "tests/app/web/*privacy*.py::*access*",
    "tests/app/core/*retention*.py::*",
}


def named() -> Iterator[str]:
    """Yield every pattern by which a criterion, a control or a threat asks for tests."""
    criteria = tomllib.loads((ROOT / "pipelines/readiness/criteria.toml").read_text())
    for criterion in criteria["criterion"]:
        for demand in criterion["demand"]:
            yield from demand.get("options", {}).get("cases", ())
    for name in ("controls", "threats"):
        for row in tomllib.loads((ROOT / f"security/{name}.toml").read_text())["row"]:
            yield from row.get("tests", ())


@pytest.fixture(scope="module")
def written() -> list[str]:
    """Every test function by its file; those of contracts once for each backend as well."""
    found = []
    for path in covered(ROOT, {"covers": ["tests/**/test_*.py"]}):
        nodes = ast.walk(ast.parse((ROOT / path).read_text()))
        functions = (n for n in nodes if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
        found += [f"{path}::{node.name}" for node in functions if node.name.startswith("test_")]
    contracts = [test for test in found if test.startswith("tests/contract/")]
    return found + [f"{test}[{name}]" for test in contracts for name in BACKENDS]


def test_every_pattern_fits_a_test_or_is_known_to_fit_none(written: list[str]) -> None:
    fits_none = {p for p in named() if not any(matches(test, (p,)) for test in written)}
    assert fits_none == NOT_WRITTEN
