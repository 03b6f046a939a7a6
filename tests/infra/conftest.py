"""Graphs of the stacks for all tests; where Pulumi is not installed these files are skipped."""

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).parent
INSTALLED = find_spec("pulumi") is not None and find_spec("eva_infra") is not None


class NotInstalled(pytest.Module):
    """A file of tests that cannot run in this environment."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        pytest.skip(
            "infra has an environment of its own: run `make infra-test`", allow_module_level=True
        )


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    if INSTALLED or not module_path.is_relative_to(HERE):
        return None
    made: pytest.Module = NotInstalled.from_parent(parent, path=module_path)
    return made


if INSTALLED:
    from eva_infra import reports
    from tests.infra.azure_answers import answer_all
    from tests.infra.programs import Programs
    from tests.infra.variants import GraphOf

    @pytest.fixture(scope="session")
    def graph_of() -> GraphOf:
        """Return what gives a stack's graph, recorded once; settings may be replaced by name."""
        return reports.graph

    @pytest.fixture
    def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
        """Return `pulumi` and `az`, which answer that all is well until told otherwise."""
        made = Programs(tmp_path)
        for name, value in made.install().items():
            monkeypatch.setenv(name, value)
        answer_all(made)
        return made
