"""Container Apps as a host: what has the traffic, what waits, and what the worker runs."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.deploy.__main__ import main
from pipelines.deploy.container_apps import ContainerApps
from pipelines.deploy.model import Build, DeploymentFailedError, Outcome, Sample
from pipelines.deploy.rehearsal.front import App, Message, Receive, Send, serving
from pipelines.deploy.release import Release
from tests.pipelines.deploy.container_apps_az import STATE, install
from tests.pipelines.deploy.staged import Readings, service
from tests.pipelines.deploy.test_release import WATCH

FIRST, SECOND, THIRD = (f"registry/eva@sha256:{name}" for name in ("first", "second", "third"))
State = dict[str, Any]


class Azure:
    """What Azure has of it, and the host that is asked."""

    def __init__(self, folder: Path) -> None:
        install(folder)
        self._at = folder / STATE
        self.host = self.at("http://127.0.0.1:9", "http://127.0.0.1:9")

    def at(self, production: str, staging: str) -> ContainerApps:
        return ContainerApps(
            group="rg",
            app="eva",
            worker="eva-worker",
            production_url=production,
            staging_url=staging,
        )

    @property
    def state(self) -> State:
        found: State = json.loads(self._at.read_text())
        return found

    def fails(self, command: str) -> None:
        self._at.write_text(json.dumps(self.state | {"fails": command}))

    def serving(self) -> tuple[str, str, str]:
        """Return the images of production, of what waits, and of the worker."""
        state = self.state
        images = {one["name"]: one["image"] for one in state["revisions"]}
        [used] = [row for row in state["traffic"] if row["weight"] == 100]
        labels = {row["label"]: row["revisionName"] for row in state["traffic"] if "label" in row}
        assert labels["production"] == used["revisionName"]
        return images[used["revisionName"]], images[labels["staging"]], state["worker"]


@pytest.fixture
def azure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Azure:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return Azure(tmp_path)


async def test_a_staged_build_waits_without_traffic_and_the_worker_stays(azure: Azure) -> None:
    await azure.host.deploy(Build(SECOND, "second"))
    assert azure.serving() == (FIRST, SECOND, FIRST)
    await azure.host.deploy(Build(SECOND, "second"))
    assert azure.serving() == (FIRST, SECOND, FIRST), "again changes nothing"


async def test_a_swap_moves_traffic_and_worker_and_a_second_one_moves_them_back(
    azure: Azure,
) -> None:
    await azure.host.deploy(Build(SECOND, "second"))
    await azure.host.swap()
    assert azure.serving() == (SECOND, FIRST, SECOND)
    await azure.host.swap()
    assert azure.serving() == (FIRST, SECOND, FIRST)


async def test_only_what_is_used_and_what_waits_goes_on_running(azure: Azure) -> None:
    for image in (SECOND, THIRD):
        await azure.host.deploy(Build(image, "x"))
        await azure.host.swap()
    await azure.host.deploy(Build(FIRST, "first"))
    running = {one["image"]: one["active"] for one in azure.state["revisions"][1:]}
    assert running == {SECOND: False, THIRD: True, FIRST: True}


@pytest.mark.parametrize(
    "step", ["ingress traffic set", "revision label swap", "update eva-worker"]
)
async def test_a_swap_that_broke_off_is_taken_back_by_the_next(azure: Azure, step: str) -> None:
    await azure.host.deploy(Build(SECOND, "second"))
    azure.fails(step)
    with pytest.raises(DeploymentFailedError, match="is not to be had"):
        await azure.host.swap()
    azure.fails("")
    await azure.host.swap()
    moved = (
        step == "ingress traffic set"
    )  # nothing had been done, so there was nothing to take back
    assert azure.serving() == ((SECOND, FIRST, SECOND) if moved else (FIRST, SECOND, FIRST))


async def test_what_production_runs_already_cannot_wait_too(azure: Azure) -> None:
    with pytest.raises(
        DeploymentFailedError, match="production runs this image already, as eva--0"
    ):
        await azure.host.deploy(Build(FIRST, "first"))


@pytest.mark.parametrize(
    ("prepared", "said"),
    [
        (lambda state: state, "no revision waits to be used"),
        (lambda state: state | {"traffic": []}, "no revision has all the traffic"),
    ],
)
async def test_where_nothing_waits_nothing_is_swapped(
    azure: Azure, prepared: Callable[[State], State], said: str, tmp_path: Path
) -> None:
    (tmp_path / STATE).write_text(json.dumps(prepared(azure.state)))
    with pytest.raises(DeploymentFailedError, match=said):
        await azure.host.swap()
    assert azure.state["calls"] == ["ingress traffic show eva"]


@pytest.mark.parametrize(
    ("seen", "outcome", "used"),
    [
        (Sample(requests=500, failures=0, p95_ms=80), Outcome.RELEASED, SECOND),
        (Sample(requests=500, failures=25, p95_ms=80), Outcome.SWAPPED_BACK, FIRST),
    ],
)
async def test_a_release_goes_as_on_any_host(
    azure: Azure, seen: Sample, outcome: Outcome, used: str
) -> None:
    def answering(which: int) -> App:
        async def app(scope: Message, receive: Receive, send: Send) -> None:
            await service(azure.serving()[which].rpartition(":")[2])(scope, receive, send)

        return app

    async with serving(answering(0)) as production, serving(answering(1)) as staging:
        host = azure.at(production, staging)
        release = Release(host=host, gauge=Readings(seen), watch=WATCH, smoke_s=5)
        assert (await release.stage(Build(SECOND, "second"))).outcome is Outcome.RELEASED
        assert (await release.promote(Build(SECOND, "second"))).outcome is outcome
    assert azure.serving()[0] == azure.serving()[2] == used


def test_the_command_line_knows_container_apps_by_their_worker(azure: Azure) -> None:
    asyncio.run(azure.host.deploy(Build(SECOND, "second")))
    place = ["--group", "rg", "--app", "eva", "--worker", "eva-worker"]
    urls = ["--production-url", "http://127.0.0.1:9", "--staging-url", "http://127.0.0.1:9"]
    assert main(["swap-back", *place, *urls]) == 0
    assert azure.serving() == (SECOND, FIRST, SECOND)
