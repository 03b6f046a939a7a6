"""Graphs of the stacks, recorded once for all tests; without Pulumi these files are skipped."""

from collections.abc import Callable, Iterable
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
    from eva_infra.program import deploy
    from eva_infra.recording import Graph, record
    from eva_infra.settings import config_of

    GraphOf = Callable[..., Graph]

    @pytest.fixture(scope="session")
    def graph_of() -> GraphOf:
        """Return a stack's graph, recorded once; settings may be replaced by name."""
        known: dict[tuple[str, tuple[tuple[str, str], ...]], Graph] = {}

        def graph(stack: str, **replaced: str) -> Graph:
            key = (stack, tuple(sorted(replaced.items())))
            if key not in known:
                config = config_of(stack) | {f"eva-api:{n}": v for n, v in replaced.items()}
                known[key] = record(stack, deploy, config)
            return known[key]

        return graph
