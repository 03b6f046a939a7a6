"""Safety, in one of three modes that the record names: online, local-db, or not-run."""

import os
import tempfile
from pathlib import Path

from pipelines.readiness.evidence import note
from pipelines.readiness.packages import locked_packages
from pipelines.scans import advisories, safety_database, scanner
from pipelines.scans.loopback import served
from pipelines.scans.source import FOLDER

KEY = "SAFETY_API_KEY"
NEITHER = f"neither {KEY} for its service nor {FOLDER} for a local database is set"


def scan(report: Path) -> int:
    """Scan what the service installs. Only the local database is used where there is no key."""
    tool = scanner.named("safety")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wanted = folder / "requirements.txt"
        wanted.write_text("\n".join(sorted(locked_packages(scanner.ROOT))), encoding="utf-8")
        check = ("check", "-r", str(wanted), "--save-json", str(report))
        if os.environ.get(KEY):
            note.leave(mode="online", **tool)
            code = scanner.told(scanner.run("safety", *check))
        elif os.environ.get(FOLDER):
            known = advisories.load(Path(os.environ[FOLDER]))
            safety_database.write(known, folder)
            database = {"commit": known.commit, "newest": known.newest}
            mode = "local-db, Safety's own data not consulted"
            note.leave(mode=mode, database=database, **tool)
            with served(_signed_out) as url:
                environ = {"SAFETY_AUTH_SERVER_URL": url}
                code = scanner.told(
                    scanner.run("safety", *check, "--db", str(folder), environ=environ)
                )
        else:
            return scanner.cannot(NEITHER, mode="not-run", **tool)
        _mend(report, folder)
    return code


def _signed_out(url: str, _sent: object) -> tuple[int, object]:
    """Answer what Safety asks of its sign-in service at every start: nobody is signed in."""
    here, known, _ = url.partition("/.well-known/openid-configuration")
    return 200, {"issuer": here, "jwks_uri": f"{here}/keys"} if known else {"keys": []}


def _mend(report: Path, folder: Path) -> None:
    """Take this machine's paths out of the report; nothing is written where there is none."""
    if report.is_file():
        text = report.read_text(encoding="utf-8")
        report.write_text(text.replace(f"{folder}/", "").replace(str(folder), "."))


if __name__ == "__main__":
    scanner.command(scan)
