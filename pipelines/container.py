"""The image, built twice and started the way production starts it; what comes of it is evidence.

Needs a container engine with buildx (`docker`). `--image` checks one that is there already: then
there is one digest, and the gate misses the second build.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

TAG = "eva:checked"
_START_S = 60.0
_LOCKED_DOWN = (
    *("--read-only", "--tmpfs", "/tmp:mode=1777", "--tmpfs", "/data:uid=10001,gid=10001,mode=0700"),  # noqa: S108
    *("--cap-drop", "ALL", "--security-opt", "no-new-privileges:true"),
)


class EngineError(Exception):
    """The container engine is not there, or could not do what it was asked."""


def docker(*arguments: str, **environment: str) -> str:
    """Run the engine; return what it printed."""
    try:
        done = subprocess.run(
            ["docker", *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **environment},
        )
    except FileNotFoundError:
        raise EngineError("docker is not installed: the image can't be built here") from None
    if done.returncode != 0:
        raise EngineError(f"docker {' '.join(arguments[:2])}: {done.stderr.strip()[-800:]}")
    return done.stdout


def build(tag: str, commit: str, epoch: str) -> str:
    """Build the image anew, without what was built before; its digest."""
    where = Path(f"{tag.replace(':', '-')}.json")
    try:
        docker(
            *("buildx", "build", "--no-cache", "--load", "--provenance=false", "--tag", tag),
            *("--build-arg", f"BUILD={commit}", "--build-arg", f"SOURCE_DATE_EPOCH={epoch}"),
            *("--output", "type=docker,rewrite-timestamp=true", "--metadata-file", str(where), "."),
            SOURCE_DATE_EPOCH=epoch,
        )
        return str(json.loads(where.read_text(encoding="utf-8"))["containerimage.digest"])
    finally:
        where.unlink(missing_ok=True)


def described(tag: str) -> Mapping[str, Any]:
    """Return what the image says of itself."""
    [found] = json.loads(docker("image", "inspect", tag))
    config: Mapping[str, Any] = found["Config"]
    return config


def runs_read_only(tag: str) -> bool:
    """Start the image on a read-only root without any capability; whether it becomes healthy."""
    container = docker("run", "--detach", *_LOCKED_DOWN, tag).strip()
    try:
        for _ in range(int(_START_S)):
            state = json.loads(docker("inspect", "--format", "{{json .State}}", container))
            if state.get("Health", {}).get("Status") == "healthy":
                return True
            if not state["Running"]:
                return False
            time.sleep(1)
        return False
    finally:
        docker("rm", "--force", container)


def check(image: str | None) -> dict[str, Any]:
    """Return the evidence: digests, user, whether it runs read-only and is checked for health."""
    tag, digests = image or TAG, []
    if image is None:
        commit = _git("rev-parse", "HEAD")
        epoch = _git("show", "--no-patch", "--format=%ct", "HEAD")
        digests = [build(tag, commit, epoch) for _ in range(2)]
    config = described(tag)
    return {
        "digests": digests or [docker("image", "inspect", "--format", "{{.Id}}", tag).strip()],
        "user": config.get("User", ""),
        "healthcheck": bool(config.get("Healthcheck", {}).get("Test")),
        "read_only": runs_read_only(tag),
    }


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def main(arguments: Sequence[str] | None = None) -> int:
    """Check and write the report; 0 checked, 2 not possible here."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.container", description=__doc__)
    parser.add_argument("--image", help="an image that is there, instead of building it twice")
    parser.add_argument("--report", type=Path, help="write what was found as JSON")
    given = parser.parse_args(arguments)
    try:
        found = check(given.image)
    except EngineError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    told = json.dumps(found, indent=2)
    print(told)
    if given.report is not None:
        given.report.write_text(told, encoding="utf-8")
    sound = found["read_only"] and found["healthcheck"] and len(set(found["digests"])) == 1
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
