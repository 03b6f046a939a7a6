"""The restore drill: back up a service at work, lose it, put the backup back elsewhere, compare.

`python -m pipelines.drills.restore [--report FILE]`; exit code 1 if a step failed. It measures:

- `backup_seconds`: how long a backup takes;
- `rpo_seconds`: the most that can be lost: the pause between two backups (INTERVAL_S, as the
  procedure says) and the time that one takes;
- `lost_documents`: what was lost in this drill, acknowledged after the backup was taken;
- `rto_seconds`: from the loss until the service answers from every restored document again.
"""

import argparse
import hashlib
import json
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx2

from pipelines.drills.carrying_out import Drill
from pipelines.drills.service import DrillError, Service, run, serving

INTERVAL_S = 240
DOCUMENTS = 40
_SETTLING_S = 120.0
_PAUSE_S = 0.1


@dataclass(frozen=True, slots=True)
class Told:
    """A document that the service acknowledged: when, and the hash of its content."""

    id: str
    at: float
    sha256: str


@dataclass
class Scene:
    """The folders, the credential, and what clients were told."""

    folder: Path
    token: str = ""
    space: str = ""
    told: list[Told] = field(default_factory=list)
    as_of: float = 0.0
    lost_at: float = 0.0

    @property
    def data(self) -> Path:
        """Return the data folder that is lost."""
        return self.folder / "data"

    @property
    def copy(self) -> Path:
        """Return where the backup is."""
        return self.folder / "backup"

    @property
    def again(self) -> Path:
        """Return the data folder that comes in its place."""
        return self.folder / "restored"


def rehearse(documents: int = DOCUMENTS) -> Drill:
    """Carry the drill out in a folder of its own."""
    drill = Drill()
    with tempfile.TemporaryDirectory(prefix="eva-drill-") as folder:
        scene = Scene(Path(folder))
        with serving(scene.data) as service:
            _fill(scene, service, documents)
            stop = threading.Event()
            busy = threading.Thread(target=_upload_until, args=(scene, service, stop))
            busy.start()
            try:
                drill.step("back up", lambda: _back_up(drill, scene))
                _go_on(scene)
            finally:
                stop.set()
                busy.join()
            service.kill()
            scene.lost_at = time.time()
        drill.step("restore", lambda: run(scene.again, "restore", str(scene.copy)).splitlines()[0])
        if drill.ok():
            with serving(scene.again) as service:
                drill.step("compare", lambda: _compare(drill, scene, service))
    return drill


def _fill(scene: Scene, service: Service, documents: int) -> None:
    scene.token = service.token or ""
    with service.client(scene.token) as http:
        scene.space = http.post("/spaces", json={"name": "Drill"}).raise_for_status().json()["id"]
        for number in range(documents):
            _upload(scene, http, number)
        _settled(http)


def _upload_until(scene: Scene, service: Service, stop: threading.Event) -> None:
    with service.client(scene.token) as http:
        while not stop.wait(_PAUSE_S):
            _upload(scene, http, len(scene.told))


def _go_on(scene: Scene) -> None:
    """Wait until a document was sent that is not in the backup: not the one under way then."""
    more, until = len(scene.told) + 2, time.monotonic() + _SETTLING_S
    while len(scene.told) < more:
        if time.monotonic() > until:
            raise DrillError("clients did not go on")
        time.sleep(_PAUSE_S)


def _upload(scene: Scene, http: httpx2.Client, number: int) -> None:
    text = f"Rule {number} says that folder {number * 7919} is kept for {number + 2} years.\n"
    answer = http.post(
        f"/spaces/{scene.space}/documents",
        files={"file": (f"rule-{number}.txt", text.encode(), "text/plain")},
    ).raise_for_status()
    digest = hashlib.sha256(text.encode()).hexdigest()
    scene.told.append(Told(answer.json()["id"], time.time(), digest))


def _back_up(drill: Drill, scene: Scene) -> str:
    begun = time.monotonic()
    made = json.loads(run(scene.data, "backup", str(scene.copy), "--json"))
    drill.measured["backup_seconds"] = round(time.monotonic() - begun, 2)
    drill.measured["rpo_seconds"] = round(INTERVAL_S + drill.measured["backup_seconds"], 2)
    scene.as_of = datetime.fromisoformat(made["as_of"]).timestamp()
    return f"{made['documents']} documents, {made['files']} files, while clients went on"


def _compare(drill: Drill, scene: Scene, service: Service) -> str:
    """Compare what clients were told with what is there, and ask a question of it."""
    due = [told for told in scene.told if told.at <= scene.as_of]
    with service.client(scene.token) as http:
        _settled(http)
        _answered(scene, http)
        drill.measured["rto_seconds"] = round(time.time() - scene.lost_at, 2)
        found = {told.id: _content(http, told) for told in scene.told}
    wrong = [told.id for told in due if found[told.id] != told.sha256]
    if wrong:
        raise DrillError(f"{len(wrong)} of {len(due)} documents are lost or changed: {wrong[0]}")
    drill.measured["lost_documents"] = sum(1 for there in found.values() if there is None)
    drill.measured["restored_documents"] = len(due)
    report = json.loads(run(scene.again, "audit", "verify", "--json"))
    if not report["whole"]:
        raise DrillError(f"the audit trail: {report['problems'][0]}")
    return f"{len(due)} documents are the same, {report['events']} audited events are whole"


def _settled(http: httpx2.Client) -> None:
    """Wait until no document waits to be read."""
    until = time.monotonic() + _SETTLING_S
    while time.monotonic() < until:
        jobs = http.get(str(http.base_url).replace("/api/v1/", "/health/detailed")).json()["jobs"]
        if jobs["dead"]:
            raise DrillError(f"jobs were given up: {jobs}")
        if not jobs["waiting"] and not jobs["running"]:
            return
        time.sleep(_PAUSE_S)
    raise DrillError(f"documents still wait to be read after {_SETTLING_S:g} s")


def _answered(scene: Scene, http: httpx2.Client) -> None:
    """Ask about a document of the backup; the answer must cite it, and truly."""
    asked = {"space_ids": [scene.space], "question": "For how many years is folder 7919 kept?"}
    query = http.post("/queries", json=asked, headers={"Prefer": "wait=60"}).raise_for_status()
    citations = query.json().get("citations") or []
    if not citations:
        raise DrillError(f"no answer from the restored documents: {query.text[:200]}")
    path = f"/queries/{query.json()['id']}/citations/{citations[0]['number']}/verify"
    if not http.get(path).raise_for_status().json()["matches"]:
        raise DrillError("a citation is not found in its restored source")


def _content(http: httpx2.Client, told: Told) -> str | None:
    answer = http.get(f"/documents/{told.id}/content")
    return hashlib.sha256(answer.content).hexdigest() if answer.is_success else None


def main() -> int:
    """Carry the drill out and tell what came of it."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.drills.restore", description=__doc__)
    parser.add_argument("--report", type=Path, help="write the drill's report as JSON")
    report: Path | None = parser.parse_args().report
    drill = rehearse()
    made = {"drill": "restore", "steps": drill.steps, "measured": drill.measured}
    if report is not None:
        report.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(drill.measured, indent=1))
    return 0 if drill.ok() else 1


if __name__ == "__main__":
    sys.exit(main())
