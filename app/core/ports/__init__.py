"""What EVA needs of the world, as small Protocols named by role.

Every call names the tenant (through `Partition`, `VersionRef` or `Job`); the one exception,
`KeyDirectory.find_key`, is how a caller's tenant becomes known. Any method may raise
`UnavailableError` when its dependency is down; `StorageFullError` when there is no room.
"""

from app.core.ports.auditing import AuditFilter, AuditLog, Noted
from app.core.ports.bundle import (
    Ports,
)
from app.core.ports.composing import (
    Claim,
    Composer,
    ComposingFailedError,
    Material,
    Ranked,
    Spent,
    Support,
)
from app.core.ports.content import (
    BlobInfo,
    BlobPart,
    BlobStore,
    Extractor,
)
from app.core.ports.jobs import (
    JobQueue,
)
from app.core.ports.metering import Meter
from app.core.ports.records import (
    MOST_CHANGES,
    Change,
    Enqueue,
    KeyDirectory,
    Listing,
    Look,
    Put,
    Records,
    Remove,
    Settle,
)
from app.core.ports.search import (
    Analyzer,
    Candidate,
    Found,
    PassageIndex,
)

__all__ = [
    "MOST_CHANGES",
    "Analyzer",
    "AuditFilter",
    "AuditLog",
    "BlobInfo",
    "BlobPart",
    "BlobStore",
    "Candidate",
    "Change",
    "Claim",
    "Composer",
    "ComposingFailedError",
    "Enqueue",
    "Extractor",
    "Found",
    "JobQueue",
    "KeyDirectory",
    "Listing",
    "Look",
    "Material",
    "Meter",
    "Noted",
    "PassageIndex",
    "Ports",
    "Put",
    "Ranked",
    "Records",
    "Remove",
    "Settle",
    "Spent",
    "Support",
]
