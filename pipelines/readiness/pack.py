"""The auditor's pack: one archive that holds the verdict and all that it takes to check it."""

import gzip
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

from pipelines.readiness.policy import FOLDER
from pipelines.readiness.session import Session

VERIFY = f"{FOLDER}/VERIFY.md"
# What auditors read beside the verdict, where it exists.
BESIDE = (
    "SECURITY.md",
    "security/controls.toml",
    "security/cryptography.toml",
    "security/data-inventory.toml",
    "security/data-flow.md",
    "security/threats.toml",
    "security/threat-model.md",
    "uv.lock",
)


def pack(session: Session) -> Path:
    """Write the archive; the same verdict and evidence always make the same bytes."""
    root, commit = session.root, session.verdict.subject.commit[:12]
    name = f"eva-readiness-{session.verdict.stage}-{commit}"
    path = root / "evidence" / f"{name}.tar.gz"
    with (
        path.open("wb") as file,
        gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for source in sorted(_files(session)):
            _add(archive, f"{name}/{source.relative_to(root).as_posix()}", source)
        _add(archive, f"{name}/VERIFY.md", root / VERIFY)
    return path


def _files(session: Session) -> Iterator[Path]:
    root = session.root
    yield from (root / name for name in session.policy.files)
    yield from (root / name for name in BESIDE if (root / name).is_file())
    yield from (path for path in session.folder.iterdir() if path.is_file())
    for material in session.evidence.values():
        record = root / material.path
        yield record
        if material.report is not None:
            yield record.parent / material.record.report


def _add(archive: tarfile.TarFile, name: str, source: Path) -> None:
    content = source.read_bytes()
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o644
    archive.addfile(entry, io.BytesIO(content))
