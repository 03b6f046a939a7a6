from collections.abc import Callable

import pytest

from eva_infra.arm.kinds import GROUP, PATHS
from eva_infra.recording import Graph
from eva_infra.settings import STACKS

GraphOf = Callable[..., Graph]
VARIANTS = {
    **{stack: (stack, {}) for stack in STACKS},
    "prod-on-container-apps": ("prod", {"hosting": "containerapps"}),
}


@pytest.fixture(params=VARIANTS.values(), ids=VARIANTS)
def graph(request: pytest.FixtureRequest, graph_of: GraphOf) -> Graph:
    stack, replaced = request.param
    return graph_of(stack, **replaced)


def test_every_stack_file_builds_a_whole_stack(graph: Graph) -> None:
    kinds = {one.kind for one in graph.custom}
    assert len(list(graph.custom)) > 90
    assert kinds <= {*PATHS, GROUP}
    assert kinds >= {"cosmosdb:DatabaseAccount", "keyvault:Vault", "consumption:Budget"}
