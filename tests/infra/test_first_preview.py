import pytest
from pulumi.output import Unknown

from eva_infra.program import deploy
from eva_infra.recording import Graph, record
from eva_infra.settings import config_of
from tests.infra.variants import VARIANTS, GraphOf


def unknowns(value: object) -> int:
    if isinstance(value, dict):
        return sum(unknowns(inner) for inner in value.values())
    if isinstance(value, list):
        return sum(unknowns(inner) for inner in value)
    return isinstance(value, Unknown)


@pytest.mark.parametrize("variant", ["dev", "prod", "prod-on-container-apps"])
def test_a_preview_before_anything_exists_sees_the_whole_stack(
    graph_of: GraphOf, variant: str
) -> None:
    stack, replaced = VARIANTS[variant]
    config = config_of(stack) | {f"eva-api:{name}": value for name, value in replaced.items()}
    first: Graph = record(stack, deploy, config, unknown=True)
    later = graph_of(stack, **replaced)
    assert sorted(one.urn for one in first.resources) == sorted(one.urn for one in later.resources)
    assert sum(unknowns(dict(one.inputs)) > 0 for one in first.custom) > 90
