"""Running a stack's program against mocks, and keeping all that it registers."""

import asyncio
import contextlib
import contextvars
import gc
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pulumi
from pulumi.runtime import mocks as pulumi_mocks
from pulumi.runtime import rpc, settings
from pulumi.runtime.stack import run_in_stack

from eva_infra.recording.azure import KnownAzure, UnknownAzure
from eva_infra.recording.graph import Graph, Recorded
from eva_infra.settings import PROJECT


class _Monitor(pulumi_mocks.MockMonitor):
    """Sees what mocks are not shown: parents, dependencies and options."""

    def __init__(self, mocks: pulumi_mocks.Mocks) -> None:
        super().__init__(mocks)
        self.recorded: list[Recorded] = []
        self.outputs: dict[str, Any] = {}

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """Return a URN as the engine makes it: the stack is nobody's parent in it."""
        return super().make_urn("" if _is_stack(parent) else parent, type_, name)

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802, ANN401 - the protocol's name
        answer = super().RegisterResource(request)
        if request.type != "pulumi:pulumi:Stack":
            depends = {k: sorted(v.urns) for k, v in request.propertyDependencies.items()}
            self.recorded.append(
                Recorded(
                    urn=answer.urn,
                    type=request.type,
                    name=request.name,
                    custom=request.custom,
                    inputs=cast("dict[str, Any]", rpc.deserialize_properties(request.object)),
                    id=answer.id,
                    parent=request.parent,
                    dependencies=sorted(request.dependencies),
                    property_dependencies=depends,
                    protect=bool(request.protect),
                    ignore_changes=list(request.ignoreChanges),
                    delete_before_replace=bool(request.deleteBeforeReplace),
                )
            )
        return answer

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802, ANN401
        if _is_stack(request.urn):
            self.outputs = cast("dict[str, Any]", rpc.deserialize_properties(request.outputs))
        return super().RegisterResourceOutputs(request)


def record(
    stack: str,
    program: Callable[[], None],
    config: Mapping[str, str] | None = None,
    *,
    unknown: bool = False,
) -> Graph:
    """Return all that a program registers.

    With `unknown` it runs as a preview in which nothing exists yet: no id and no output is known.
    """
    monitor = _Monitor(UnknownAzure() if unknown else KnownAzure())
    run = contextvars.copy_context().run  # Pulumi keeps its state in context variables
    run(_run, monitor, stack, program, dict(config or {}))
    resources = sorted(monitor.recorded, key=lambda one: one.urn)  # registered as threads run
    return Graph(stack=stack, resources=tuple(resources), outputs=monitor.outputs)


def _run(
    monitor: "_Monitor", stack: str, program: Callable[[], None], config: dict[str, Any]
) -> None:
    with _event_loop() as loop, _without_collection():
        pulumi.runtime.set_all_config(config)
        pulumi_mocks.set_mocks(
            monitor.mocks,
            project=PROJECT,
            stack=stack,
            preview=isinstance(monitor.mocks, UnknownAzure),
            monitor=monitor,
        )
        settings.ROOT.set(None)  # that of the mocks has registered its outputs already
        loop.run_until_complete(run_in_stack(program))


@contextlib.contextmanager
def _without_collection() -> Generator[None]:
    """Let no garbage be collected meanwhile: a graph's many futures made that two thirds of it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextlib.contextmanager
def _event_loop() -> Generator[asyncio.AbstractEventLoop]:
    """Lend a loop, and close those that the mocks need in its threads: Pulumi leaves them open."""
    opened: list[asyncio.AbstractEventLoop] = []

    def open_one() -> None:
        opened.append(asyncio.new_event_loop())
        asyncio.set_event_loop(opened[-1])

    open_one()
    [loop] = opened
    try:
        with ThreadPoolExecutor(initializer=open_one) as threads:
            loop.set_default_executor(threads)
            yield loop
    finally:
        asyncio.set_event_loop(None)
        for one in opened:
            one.close()


def _is_stack(urn: str) -> bool:
    return "::pulumi:pulumi:Stack::" in urn
