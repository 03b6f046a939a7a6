"""App Service as a host, through `az`: its staging slot, and its logs as the gauge.

Commands as Microsoft documents them: `az webapp config container set`, `az webapp deployment slot
swap`, `az monitor log-analytics query`. Not exercised against a subscription here.
"""

import asyncio
import json
from dataclasses import dataclass

from pipelines.deploy.model import Build, DeploymentFailedError, Sample

_SLOT = "staging"
_PATIENCE_S = 900.0  # a swap warms the slot up first
# Requests that the service is to answer for: refusals by agreed limits are not failures.
_KQL = """AppRequests
| where TimeGenerated > ago({seconds}s) and Name !has "/livez" and Name !has "/readyz"
| summarize requests = sum(ItemCount), failures = sumif(ItemCount, toint(ResultCode) >= 500),
    p95 = percentile(DurationMs, 95)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppService:
    """A Linux container App Service with a staging slot, and the one registry that it pulls from.

    Without a registry the image is pulled from where it is named.
    """

    group: str
    app: str
    production_url: str
    staging_url: str
    registry: str = ""

    async def deploy(self, build: Build) -> None:
        """Import the image, and set the slot to it, by its digest; it knows its build's name."""
        pulled = await pullable(build, self.registry)
        slot = ("--resource-group", self.group, "--name", self.app, "--slot", _SLOT)
        image = ("config", "container", "set", *slot, "--container-image-name", pulled)
        await az("webapp", *image)

    async def swap(self) -> None:
        """Swap the slots; App Service warms the staging slot up before it moves anyone."""
        place = ("--resource-group", self.group, "--name", self.app)
        target = ("--slot", _SLOT, "--target-slot", "production")
        await az("webapp", "deployment", "slot", "swap", *place, *target)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLog:
    """The requests that Log Analytics knows of; they arrive there a minute or more late."""

    workspace: str

    async def sample(self, last_s: float) -> Sample:
        """Ask for the last seconds; DeploymentFailedError if there is no telling."""
        query = _KQL.format(seconds=max(1, round(last_s)))
        told = await az(
            *("monitor", "log-analytics", "query", "--workspace", self.workspace),
            *("--analytics-query", query),
        )
        try:
            [row] = json.loads(told)
            requests, failures = int(row["requests"] or 0), int(row["failures"] or 0)
            late = float(row["p95"] or 0) if row["p95"] != "NaN" else 0.0
        except (ValueError, KeyError, TypeError) as error:
            raise DeploymentFailedError(f"no telling from the request log: {error!r}") from None
        return Sample(requests=requests, failures=failures, p95_ms=late)


async def pullable(build: Build, registry: str) -> str:
    """Return the image to deploy, copied into the stack's registry, which nobody pushes to."""
    if "@sha256:" not in build.artifact:
        raise DeploymentFailedError(f"{build.artifact} is not named by its digest")
    if not registry:
        return build.artifact
    name = build.artifact.rpartition("/")[2]
    tag = f"{name.partition('@')[0]}:{build.name}"
    image = ("--source", build.artifact, "--image", tag, "--force")
    await az("acr", "import", "--name", registry, *image)
    return f"{registry}.azurecr.io/{name}"


async def az(*arguments: str) -> str:
    """Run `az`; return what it printed. DeploymentFailedError with what it said otherwise."""
    try:
        running = await asyncio.create_subprocess_exec(
            *("az", *arguments, "--output", "json", "--only-show-errors"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except FileNotFoundError:
        raise DeploymentFailedError("az is not installed") from None
    try:
        async with asyncio.timeout(_PATIENCE_S):
            out, err = await running.communicate()
    except TimeoutError:
        running.kill()
        await running.wait()
        said = f"az {' '.join(arguments[:4])} did not end within {_PATIENCE_S:g} s"
        raise DeploymentFailedError(said) from None
    if running.returncode != 0:
        said = err.decode(errors="replace").strip()[-500:]
        raise DeploymentFailedError(f"az {' '.join(arguments[:4])}: {said}")
    return out.decode()
