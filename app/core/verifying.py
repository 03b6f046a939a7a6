"""Verification on demand: what stands in the stored source where a citation points."""

import hashlib
from dataclasses import dataclass

from app.core import documents, queries
from app.core.access import Principal
from app.core.errors import GoneError, NotFoundError
from app.core.models import Citation
from app.core.ports import Ports


@dataclass(frozen=True, slots=True)
class Verified:
    """What stands in the stored source where a citation points, read just now."""

    citation: Citation
    text: str
    sha256: str
    matches: bool


async def verify_citation(
    ports: Ports, principal: Principal, query_id: str, number: int
) -> Verified:
    """Re-read a citation's source. GoneError when the document was deleted since."""
    found = await queries.result(ports, principal, query_id)
    answer = found.value.answer
    citation = next((c for c in answer.citations if c.number == number), None) if answer else None
    if citation is None:
        raise NotFoundError(id=f"{query_id}/citations/{number}")
    try:
        document = await documents.get(
            ports, principal, citation.document_id, space_id=citation.space_id
        )
        raw = await ports.blobs.read_range(
            documents.ref(document.value, citation.version),
            "text",
            citation.byte_start,
            citation.byte_end,
        )
    except NotFoundError:
        raise GoneError(id=citation.document_id) from None
    text = raw.decode(errors="replace")
    return Verified(citation, text, hashlib.sha256(raw).hexdigest(), text == citation.quote)
