"""`compose.yaml`: it names what is there, and what it runs on the peers runs."""

import json
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import typer.main
import yaml

from app.cli import app as eva
from app.settings import Settings, known_names
from tests.peers import node, recipe
from tests.peers.programs import ROOT, free_port
from tests.peers.redis import PROGRAM as REDIS

COMPOSED = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: Mapping[str, Mapping[str, Any]] = COMPOSED["services"]
OURS = {name: one for name, one in SERVICES.items() if one.get("image") == "eva:local"}
SERVICE = (ROOT / "Dockerfile").read_text()
LOCKED_DOWN = {"read_only": True, "cap_drop": ["ALL"]}
START_S = 120


def test_every_service_is_locked_down_and_ours_are_built_from_our_recipes() -> None:
    for one in SERVICES.values():
        assert {**one, **LOCKED_DOWN} == one
        assert one["security_opt"] == ["no-new-privileges:true"]
    built = {
        one["build"].get("dockerfile", "Dockerfile") for one in SERVICES.values() if "build" in one
    }
    assert built == {"Dockerfile", "tests/peers/Dockerfile"}
    assert all((ROOT / path).is_file() for path in built)


def test_what_is_on_the_peers_waits_for_them_and_nothing_of_it_starts_unasked() -> None:
    asked = {name for name, one in SERVICES.items() if one.get("profiles") == ["azure"]}
    assert asked == {"peers", "prepared", "azure", "worker"}
    waits = {name: dict(SERVICES[name].get("depends_on", {})) for name in asked}
    done = {"condition": "service_completed_successfully"}
    assert waits["prepared"] == {"peers": {"condition": "service_healthy"}}
    assert waits["azure"] == waits["worker"] == {"prepared": done}


def test_every_setting_and_every_command_exists() -> None:
    commands: Any = typer.main.get_command(eva)
    for one in OURS.values():
        assert set(one.get("environment", {})) <= set(known_names())
        found = commands
        for word in one.get("command", ["serve"]):
            found = found.commands[word]


def test_the_embedded_service_speaks_to_its_redis_as_that_listens() -> None:
    given = OURS["eva"]["environment"]
    settings = Settings.load({**given, "EVA_DATA_DIR": "/data"})
    assert (settings.redis_host, settings.redis_ssl) == ("redis", False)
    assert "--tls-port" not in SERVICES["redis"]["command"]


def test_ports_are_those_that_the_image_listens_on_and_differ_outside() -> None:
    [exposed] = re.findall(r"^EXPOSE (\d+)$", SERVICE, re.MULTILINE)
    published = [port.split(":") for one in SERVICES.values() for port in one.get("ports", ())]
    assert {where for where, _, _ in published} == {"127.0.0.1"}
    assert {inside for _, _, inside in published} == {exposed} == {str(Settings.load({}).port)}
    assert len({outside for _, outside, _ in published}) == len(published) == 2


def test_both_images_run_as_the_user_that_may_read_what_the_peers_write() -> None:
    [user], [peer] = re.findall(r"^USER (\S+)$", SERVICE, re.MULTILINE), recipe.instructions("USER")
    uid, gid = user.split(":")
    assert peer == user
    assert f"uid={uid},gid={gid}," in COMPOSED["volumes"]["peers"]["driver_opts"]["o"]
    at = recipe.environment()["PEERS_FOLDER"]
    assert SERVICES["peers"]["volumes"] == [f"peers:{at}"]
    for name in ("prepared", "azure", "worker"):
        assert OURS[name]["volumes"] == [f"peers:{at}:ro"]
        assert OURS[name]["network_mode"] == "service:peers"


def test_the_peers_are_built_on_what_the_service_is_built_on() -> None:
    for fact in (r"^ARG BASE=(\S+)", r"\buv==([\d.]+)"):
        said = re.findall(fact, SERVICE, re.MULTILINE)
        assert said
        assert re.findall(fact, recipe.RECIPE, re.MULTILINE) == said
    sent = (recipe.HERE / "Dockerfile.dockerignore").read_text().splitlines()
    allowed = tuple(line[1:] for line in sent if line.startswith("!"))
    assert all(source.startswith(allowed) for source, _ in recipe.copied())


@contextmanager
def running(command: list[str], folder: Path, env: Mapping[str, str]) -> Iterator[None]:
    """Run a service of the file for the duration of the context."""
    with (folder / f"{len(list(folder.glob('*.log')))}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log)
        try:
            yield
            assert process.poll() is None, "it ended"
        finally:
            process.terminate()
            process.wait(30)


def until(ready: Any, what: str) -> None:
    """Wait until something is so."""
    end = time.monotonic() + START_S
    while not ready():
        assert time.monotonic() < end, f"{what} after {START_S} s"
        time.sleep(0.1)


def on_peers(name: str, folder: Path) -> list[str]:
    """Return a service's command line, as compose gives it to the engine, in a folder."""
    entrypoint = [word.replace("$$", "$") for word in OURS[name]["entrypoint"]]
    at = recipe.environment()["PEERS_FOLDER"]
    return [
        word.replace(at, str(folder / "kept")) for word in (*entrypoint, *OURS[name]["command"])
    ]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_peers_run_from_what_their_image_copies_and_the_service_runs_on_them(
    tmp_path: Path,
) -> None:
    if why := node.missing() or ("" if REDIS else "NOT RUN: redis-server is absent"):
        pytest.skip(why)
    image = recipe.build(tmp_path)
    assert not (tmp_path / "app").exists()
    port = free_port()
    with ExitStack() as stack:
        stack.enter_context(running(recipe.command(), tmp_path, image))
        until((tmp_path / "kept/environment").is_file, "the peers are not ready")
        theirs = {"PATH": f"{ROOT / '.venv/bin'}:/usr/bin:/bin", "EVA_PORT": str(port)}
        prepared = subprocess.run(
            [*on_peers("prepared", tmp_path), "--json"],
            cwd=tmp_path, env=theirs, capture_output=True, text=True, check=True,
        )  # fmt: skip
        key = json.loads(prepared.stdout)["administrator_key"]
        for name in ("azure", "worker"):
            given = {**theirs, **OURS[name].get("environment", {})}
            stack.enter_context(running(on_peers(name, tmp_path), tmp_path, given))
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
            until(lambda: answers(http), "the service is not ready")
            headers = {"Authorization": f"Bearer {key}"}
            made = http.post("/api/v1/spaces", json={"name": "x"}, headers=headers)
            assert made.status_code == 201


def answers(http: httpx2.Client) -> bool:
    """Tell whether the service is there and ready."""
    try:
        return http.get("/readyz").status_code == 200
    except httpx2.TransportError:
        return False
