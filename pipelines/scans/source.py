"""Where advisories come from: a folder named by ADVISORIES, the network if allowed, or none."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipelines.scans import advisories, osv

FOLDER, ONLINE = "ADVISORIES", "AUDIT_ONLINE"
NONE = f"no advisories: {FOLDER} names no folder of OSV files, and {ONLINE} is not set"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advised:
    """How to ask: the mode for the record, the address of an OSV interface (empty: the public)."""

    mode: str
    url: str
    known: advisories.Advisories | None

    @property
    def database(self) -> dict[str, object]:
        """Return what the record says of the data; nothing for the public interface."""
        if self.known is None:
            return {}
        return {"database": {"commit": self.known.commit, "newest": self.known.newest}}


@contextmanager
def advised() -> Iterator[Advised | None]:
    """Give the source of advisories while the block runs; None where there is none."""
    folder = os.environ.get(FOLDER)
    if folder:
        known = advisories.load(Path(folder))
        with osv.served(known) as url:
            yield Advised(mode="folder", url=url, known=known)
    elif os.environ.get(ONLINE):
        yield Advised(mode="online", url="", known=None)
    else:
        yield None
