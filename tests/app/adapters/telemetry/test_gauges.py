import asyncio
from pathlib import Path

from app.adapters.telemetry.gauges import Gauges
from app.adapters.telemetry.meters import Meters
from app.core.ports import Ports
from app.settings import Settings
from tests.app.web import house as opening

EXPIRES = "eva.credentials.expires_in"


def gauges(ports: Ports) -> Gauges:
    return Gauges(Meters(), ports, about={"backend": "embedded", "version": "1"})


def shown(looking: Gauges, name: str) -> dict[tuple[tuple[str, str], ...], float]:
    return looking.meters.numbers.get(name, {})


async def test_tasks_that_have_not_ended_are_counted(tmp_path: Path) -> None:
    settings = Settings.load({"EVA_DATA_DIR": str(tmp_path), "EVA_WORKER": "off"})
    async with opening.opened(settings) as house:
        looking = gauges(house.services.ports)
        looking.process()
        [before] = shown(looking, "eva.tasks").values()
        forgotten = [asyncio.create_task(asyncio.Event().wait()) for _ in range(7)]
        looking.process()
        assert list(shown(looking, "eva.tasks").values()) == [before + 7]
        for task in forgotten:
            task.cancel()
        await asyncio.gather(*forgotten, return_exceptions=True)


async def test_looking_at_keys_again_leaves_alone_what_others_tell_of_credentials(
    tmp_path: Path,
) -> None:
    settings = Settings.load({"EVA_DATA_DIR": str(tmp_path), "EVA_WORKER": "off"})
    async with opening.opened(settings) as house:
        looking = gauges(house.services.ports)
        looking.meters.gauge(EXPIRES, {"kind": "secret"}, 5.0)
        looking.meters.gauge(EXPIRES, {"kind": "api_key"}, 7.0)  # of a key that is there no more
        await looking.look()
        assert shown(looking, EXPIRES) == {(("kind", "secret"),): 5.0}
