"""Everything a use case may reach."""

from dataclasses import dataclass

from app.core.identity import TokenVerifier
from app.core.key_uses import KeyUses
from app.core.ports.auditing import AuditLog
from app.core.ports.composing import Composer
from app.core.ports.content import BlobStore, Extractor
from app.core.ports.jobs import JobQueue
from app.core.ports.metering import Meter
from app.core.ports.records import KeyDirectory, Records
from app.core.ports.search import Analyzer, PassageIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Everything a use case may reach. Tests replace one with `dataclasses.replace`."""

    records: Records
    keys: KeyDirectory
    jobs: JobQueue
    blobs: BlobStore
    extractor: Extractor
    index: PassageIndex
    analyzer: Analyzer
    composer: Composer
    audit: AuditLog
    meter: Meter
    uses: KeyUses
    tokens: TokenVerifier | None = None  # None: API keys only
