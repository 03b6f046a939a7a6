"""The database file: its tables, how they change between releases, and how it is opened."""

import sqlite3
from pathlib import Path
from urllib.parse import quote

from app.adapters.embedded.folder import UnusableFolderError

_FIRST = """
CREATE TABLE records (
    tenant TEXT NOT NULL,
    space  TEXT NOT NULL,
    kind   TEXT NOT NULL,
    id     TEXT NOT NULL,
    etag   TEXT NOT NULL,
    terms  TEXT,           -- what filters look at (see terms.py), before the body: scans stay short
    body   BLOB NOT NULL,  -- JSON (see codec.py)
    PRIMARY KEY (tenant, space, kind, id)
) WITHOUT ROWID;
CREATE INDEX records_by_id ON records (kind, id);

CREATE TABLE counters (
    tenant TEXT NOT NULL,
    space  TEXT NOT NULL,
    kind   TEXT NOT NULL,
    total  INTEGER NOT NULL,
    PRIMARY KEY (tenant, space, kind)
) WITHOUT ROWID;
CREATE TRIGGER record_added AFTER INSERT ON records BEGIN
    INSERT INTO counters VALUES (new.tenant, new.space, new.kind, 1)
        ON CONFLICT DO UPDATE SET total = total + 1;
END;
CREATE TRIGGER record_removed AFTER DELETE ON records BEGIN
    UPDATE counters SET total = total - 1
        WHERE tenant = old.tenant AND space = old.space AND kind = old.kind;
    DELETE FROM counters
        WHERE tenant = old.tenant AND space = old.space AND kind = old.kind AND total = 0;
END;

CREATE TABLE jobs (
    seq         INTEGER PRIMARY KEY,  -- order of arrival
    tenant      TEXT NOT NULL,
    space       TEXT NOT NULL,
    kind        TEXT NOT NULL,
    id          TEXT NOT NULL,
    body        BLOB NOT NULL,
    enqueued_at REAL NOT NULL,
    attempts    INTEGER NOT NULL,
    token       TEXT,           -- of the newest lease; null while nobody holds the job
    due_at      REAL NOT NULL,  -- when it may be claimed: at once, after a pause, after the lease
    stamped_at  REAL NOT NULL,  -- when due_at was written: later than now betrays a clock set back
    reason      TEXT,           -- why it was last given back
    UNIQUE (tenant, id)
);
CREATE INDEX jobs_by_age ON jobs (tenant, kind, seq);
CREATE INDEX jobs_by_due ON jobs (kind, due_at, stamped_at);
CREATE INDEX jobs_held ON jobs (tenant, due_at) WHERE token IS NOT NULL;

-- The tenants that have jobs. The smallest turn was served longest ago; who comes new goes last.
CREATE TABLE turns (
    tenant TEXT PRIMARY KEY,
    turn   INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX turns_in_order ON turns (turn);
CREATE TRIGGER job_added AFTER INSERT ON jobs BEGIN
    INSERT OR IGNORE INTO turns SELECT new.tenant, coalesce(max(turn), 0) FROM turns;
END;
CREATE TRIGGER last_job_removed AFTER DELETE ON jobs
WHEN NOT EXISTS (SELECT 1 FROM jobs WHERE tenant = old.tenant) BEGIN
    DELETE FROM turns WHERE tenant = old.tenant;
END;

CREATE TABLE dead_jobs (
    tenant    TEXT NOT NULL,
    id        TEXT NOT NULL,
    space     TEXT NOT NULL,
    kind      TEXT NOT NULL,
    body      BLOB NOT NULL,
    attempts  INTEGER NOT NULL,
    reason    TEXT NOT NULL,
    buried_at REAL NOT NULL,
    PRIMARY KEY (tenant, id)
) WITHOUT ROWID;

CREATE TABLE pulse (one INTEGER PRIMARY KEY CHECK (one = 1), beat INTEGER NOT NULL);
INSERT INTO pulse VALUES (1, 0);
"""

_AUDIT = """
CREATE TABLE audit_events (
    position   INTEGER PRIMARY KEY,
    writer     TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    at         TEXT NOT NULL,
    body       TEXT NOT NULL,  -- canonical JSON
    previous   TEXT NOT NULL,
    hash       TEXT NOT NULL,
    tenant     TEXT NOT NULL,  -- as in the body: verifying compares them
    actor      TEXT NOT NULL,  -- likewise
    salt       BLOB,           -- with the payload: personal data, not chained, erasable
    payload    BLOB,
    UNIQUE (writer, seq),
    UNIQUE (writer, previous)  -- a fork can't be inserted
);
CREATE INDEX audit_events_by_tenant ON audit_events (tenant, position);

CREATE TABLE audit_checkpoints (
    number    INTEGER PRIMARY KEY,
    note      BLOB NOT NULL,
    signature BLOB NOT NULL,
    hash      TEXT NOT NULL,
    written   REAL NOT NULL,    -- wall-clock seconds
    covered   INTEGER NOT NULL  -- the position of the last event that it covers
);
"""

# Which process holds a job's lease, so that those of one that died are free at once.
_HOLDER = "ALTER TABLE jobs ADD COLUMN holder TEXT;"

# Without the uniqueness of (writer, previous): an index of hashes in no order cost more than the
# events. A writer's numbers are unique, so one event follows one; verifying compares the hashes.
_AUDIT_IN_ORDER = """
ALTER TABLE audit_events RENAME TO audit_events_before;
DROP INDEX audit_events_by_tenant;
CREATE TABLE audit_events (
    position   INTEGER PRIMARY KEY,
    writer     TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    at         TEXT NOT NULL,
    body       TEXT NOT NULL,
    previous   TEXT NOT NULL,
    hash       TEXT NOT NULL,
    tenant     TEXT NOT NULL,
    actor      TEXT NOT NULL,
    salt       BLOB,
    payload    BLOB,
    UNIQUE (writer, seq)
);
INSERT INTO audit_events SELECT * FROM audit_events_before;
DROP TABLE audit_events_before;
CREATE INDEX audit_events_by_tenant ON audit_events (tenant, position);
"""

MIGRATIONS: tuple[str, ...] = (_FIRST, _AUDIT, _HOLDER, _AUDIT_IN_ORDER)
"""Forward only, each run once in its own transaction; never edit one that was released."""


def connect(path: Path, *, busy_s: float, read_only: bool = False) -> sqlite3.Connection:
    """Open the database; a transaction is only what is asked for by name.

    A commit is on the medium when it returns (`synchronous=FULL` in WAL mode syncs the log).
    """
    mode = "ro" if read_only else "rw"
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}",
        uri=True,
        timeout=busy_s,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")  # macOS; no effect elsewhere
    connection.execute("PRAGMA trusted_schema = OFF")
    if not read_only:
        connection.execute("PRAGMA journal_size_limit = 67108864")
    return connection


def migrate(connection: sqlite3.Connection, migrations: tuple[str, ...] = MIGRATIONS) -> None:
    """Bring the database to this release's schema; raises UnusableFolderError if it is newer."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript("BEGIN IMMEDIATE; ROLLBACK;")  # fails here if it can't be written
    [version] = connection.execute("PRAGMA user_version").fetchone()
    if version > len(migrations):
        raise UnusableFolderError(
            f"The data was written by a newer eva (schema {version}; this one knows "
            f"{len(migrations)}). Run that release, or restore a backup made before it."
        )
    for number, script in enumerate(migrations[version:], start=version + 1):
        connection.executescript(
            f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;"
        )
