"""What the recipe of the peers' image does, done in a folder: no engine is needed."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.peers.programs import ROOT

HERE = Path(__file__).parent
RECIPE = (HERE / "Dockerfile").read_text().replace("\\\n", " ")
LEFT_OUT = shutil.ignore_patterns("node_modules", "__pycache__")  # as Dockerfile.dockerignore
# What a machine has beforehand is not installed: the interpreters, uv, Redis.
PROGRAMS = ("node", "redis-server")
OF_THE_IMAGE = ("apt-get ", "pip install ")


def instructions(name: str) -> list[str]:
    """Return what follows each instruction of a name, options aside."""
    found = re.findall(rf"^{name}((?: .*)?)$", RECIPE, re.MULTILINE)
    return [
        re.sub(r"--(mount|interval|timeout|start-period|retries)=\S+", "", one).strip()
        for one in found
    ]


def copied() -> Iterator[tuple[str, str]]:
    """Yield what the image takes from the repository, each with where it goes."""
    for line in instructions("COPY"):
        *sources, target = line.split()
        if not line.startswith("--from"):
            yield from ((source, target) for source in sources)


def environment() -> Mapping[str, str]:
    """Return what the image sets."""
    return dict(pair.split("=", 1) for line in instructions("ENV") for pair in line.split())


def build(folder: Path) -> Mapping[str, str]:
    """Copy and install as the image does; return the environment of its command.

    Of this machine's programs the command finds only those that the image has.
    """
    for source, target in copied():
        at = folder / target
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, at, ignore=LEFT_OUT, dirs_exist_ok=True)
        else:
            at = at / Path(source).name if target.endswith("/") else at
            at.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, at)
    made = folder / "opt"
    (folder / "kept").mkdir()
    clean = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    image = {
        **environment(),
        "UV_PROJECT_ENVIRONMENT": str(made),
        "PATH": f"{made / 'bin'}:{os.environ['PATH']}",
        "PEERS_FOLDER": str(folder / "kept"),
    }
    for command in instructions("RUN"):
        if not command.startswith(OF_THE_IMAGE):
            subprocess.run(command, shell=True, cwd=folder, env={**clean, **image}, check=True)  # noqa: S602
    programs = folder / "bin"
    programs.mkdir()
    for name in PROGRAMS:
        (programs / name).symlink_to(shutil.which(name) or name)
    return {**clean, **image, "PATH": f"{made / 'bin'}:{programs}"}


def command() -> list[str]:
    """Return what the image runs."""
    [said] = [one for one in instructions("CMD") if "tests.peers" in one]
    return [word.strip('",') for word in shlex.split(said.strip("[]"))]
