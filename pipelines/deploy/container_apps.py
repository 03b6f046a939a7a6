"""Container Apps as a host, through `az`: one revision has the traffic, another waits by a label.

Commands as Microsoft documents them: `az containerapp update`, `… ingress traffic`, `… revision`.
Not exercised against a subscription here.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.deploy.azure import az, pullable
from pipelines.deploy.model import Build, DeploymentFailedError

_USED, _WAITS = "production", "staging"  # labels; the second is part of the name that waits
_Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerApps:
    """The app that serves, in several revisions, and its worker, which runs what production runs.

    A swap that broke off is taken back by the next one: traffic goes to the labelled revision that
    has none, and the labels follow.
    """

    group: str
    app: str
    worker: str
    production_url: str
    staging_url: str
    registry: str = ""

    async def deploy(self, build: Build) -> None:
        """Make a revision of the image that gets no traffic, and label it as waiting."""
        image = await pullable(build, self.registry)
        used = await self._in_use()
        # By its name: else the newest revision would have the traffic as soon as it is there.
        await self._ask("ingress traffic set", "--revision-weight", f"{used}=100")
        await self._label(_USED, used)
        made = await self._ask("update", "--image", image)
        waiting = str(made["properties"]["latestRevisionName"])
        if waiting == used:
            raise DeploymentFailedError(f"production runs this image already, as {used}")
        await self._label(_WAITS, waiting)
        await self._stop_all_but(used, waiting)

    async def swap(self) -> None:
        """Give all traffic to the revision that waits, and then its image to the worker."""
        rows = await self._ask("ingress traffic show")
        used, waiting = _used(rows), _waiting(rows)
        weights = (f"{waiting['revisionName']}=100", f"{used['revisionName']}=0")
        await self._ask("ingress traffic set", "--revision-weight", *weights)
        if waiting["label"] == _WAITS:
            await self._ask("revision label swap", "--source", _WAITS, "--target", _USED)
        shown = await self._ask("revision show", "--revision", waiting["revisionName"])
        image = shown["properties"]["template"]["containers"][0]["image"]
        await self._ask("update", "--image", image, of=self.worker)

    async def _in_use(self) -> str:
        row = _used(await self._ask("ingress traffic show"))
        if "revisionName" in row:
            return str(row["revisionName"])
        shown = await self._ask("show")  # before the first deployment: whichever is the newest
        return str(shown["properties"]["latestReadyRevisionName"])

    async def _label(self, label: str, revision: str) -> None:
        await self._ask("revision label add", "--label", label, "--revision", revision, "--yes")

    async def _stop_all_but(self, *kept: str) -> None:
        """Stop what was deployed before: revisions that are active run, and are paid."""
        for one in await self._ask("revision list"):
            if one["name"] not in kept and one["properties"]["active"]:
                await self._ask("revision deactivate", "--revision", one["name"])

    async def _ask(self, command: str, *options: str, of: str = "") -> Any:  # noqa: ANN401 - JSON
        place = ("--resource-group", self.group, "--name", of or self.app)
        told = await az("containerapp", *command.split(), *place, *options)
        try:
            return json.loads(told or "null")
        except ValueError:
            raise DeploymentFailedError(f"az containerapp {command} told {told[:200]!r}") from None


def _used(rows: Sequence[_Row]) -> _Row:
    found = [row for row in rows if row.get("weight") == 100]  # noqa: PLR2004 - per cent
    if len(found) != 1:
        raise DeploymentFailedError(f"no revision has all the traffic: {rows}")
    return found[0]


def _waiting(rows: Sequence[_Row]) -> _Row:
    found = [row for row in rows if not row.get("weight") and row.get("label") in (_USED, _WAITS)]
    if len(found) != 1:
        raise DeploymentFailedError(f"no revision waits to be used: {rows}")
    return found[0]
