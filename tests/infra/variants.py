"""The stacks that tests look at, as graphs are asked for."""

from collections.abc import Callable, Mapping

from eva_infra.recording import Graph
from eva_infra.settings import STACKS

GraphOf = Callable[..., Graph]
VARIANTS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    **{stack: (stack, {}) for stack in STACKS},
    "prod-on-container-apps": ("prod", {"hosting": "containerapps"}),
}
