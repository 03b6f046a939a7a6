"""Small versions to index, and how they are found again."""

from app.core.filters import parse
from app.core.ids import new_id
from app.core.models import Extraction, Partition, PassageSpan, VersionRef
from app.core.ports import Found, PassageIndex

PASSPORT = "A passport is renewed at any service counter. Bring two photographs and the old one."
TAX = "Property tax is due on the last day of June. Late payment costs interest."
IMPOT = "L'impôt foncier est payable le dernier jour de juin. Un retard entraîne des intérêts."


def extraction(*texts: str, language: str = "en", section: str | None = None) -> Extraction:
    """A document of these passages, one a line."""
    spans, start, byte_start = [], 0, 0
    for ordinal, text in enumerate(texts):
        end, byte_end = start + len(text), byte_start + len(text.encode())
        spans.append(
            PassageSpan(
                ordinal=ordinal,
                start=start,
                end=end,
                byte_start=byte_start,
                byte_end=byte_end,
                page=ordinal + 1,
                section=section,
            )
        )
        start, byte_start = end + 1, byte_end + 1
    return Extraction(text="\n".join(texts), language=language, passages=tuple(spans))


def ref(space: Partition, document_id: str, version: int = 1) -> VersionRef:
    return VersionRef(
        tenant_id=space.tenant_id,
        space_id=space.space_id,
        document_id=document_id,
        version=version,
    )


async def add(index: PassageIndex, space: Partition, *texts: str, title: str = "") -> str:
    document_id = new_id("doc")
    await index.stage(ref(space, document_id), title, extraction(*texts))
    await index.activate(ref(space, document_id), {"title": title})
    return document_id


async def find(index: PassageIndex, space: Partition, question: str, **options: object) -> Found:
    where = parse(options["where"]) if "where" in options else None
    return await index.search(space, question, limit=10, where=where)


def documents(found: Found) -> list[str]:
    return [candidate.passage.document_id for candidate in found.candidates]
