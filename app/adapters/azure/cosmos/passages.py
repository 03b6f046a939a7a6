"""Passages and the heads of their documents, as items.

A document's head names the one generation of its passages that is seen: the switch to another is
one write. Passages carry all that a query looks at: whether they may be seen, the words of text,
section and title, the document's attributes, and the vector. A space's stamp tells by a number
that what is seen of it has changed; heads carry the number of their last change, and so do the
items that tell for a while which documents are gone.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

import orjson

from app.adapters import codec, sortable
from app.adapters.azure.cosmos.container import Item
from app.core.errors import NotFoundError
from app.core.filters import Attributes
from app.core.models import Partition, Passage, PassageSpan, VersionRef

HEAD, PASSAGE, STAMP, GONE = "head", "passage", "stamp", "gone"
GONE_TOLD_S = 24 * 3600  # how long it is told that a document is gone
BATCH = 90  # operations, with room for those on a head and a stamp
_BATCH_BYTES = 900_000  # sending more at one go holds up all else
_DIGITS = 7  # of a number in a vector: as many as a float32 tells apart


def head_id(document_id: str) -> str:
    """Return the id of a document's head."""
    return f"{HEAD}:{document_id}"


def new_head(partition: Partition, document_id: str) -> Item:
    """Return the head of a document that nothing is seen of."""
    return {
        "id": head_id(document_id),
        "tenant_id": partition.tenant_id,
        "space_id": partition.space_id,
        "kind": HEAD,
        "document_id": document_id,
        "active": None,  # the generation that is seen
        "passages": 0,  # of that
        "version": None,
        "title": "",
        "attributes": "{}",
        "staged": {},  # by version: generation, title, and how many passages
    }


def named(head: Item | None, ref: VersionRef) -> Item:
    """Return a version's generation, title and number of passages; NotFoundError."""
    if head is not None and str(ref.version) in head["staged"]:
        staged: Item = head["staged"][str(ref.version)]
        return staged
    if head is None or head["version"] != ref.version:
        raise NotFoundError(id=ref.document_id)
    return {
        "generation": head["active"],
        "title": head["title"],
        "passages": head["passages"],
    }


def overtakes(head: Item, ref: VersionRef) -> bool:
    """Tell whether a newer version than this is seen."""
    return (head["version"] or 0) > ref.version


def next_stamp(partition: Partition, stamp: Item | None) -> Item:
    """Return the stamp of a space after one more change; a dropped space's numbers begin anew."""
    if stamp is not None:
        return {**stamp, "seq": stamp["seq"] + 1}
    return {
        "id": STAMP,
        "tenant_id": partition.tenant_id,
        "space_id": partition.space_id,
        "kind": STAMP,
        "life": secrets.token_hex(8),
        "seq": 1,
    }


def gone(partition: Partition, document_id: str, seq: int) -> Item:
    """Return what tells that a document is gone, to whoever knew it."""
    return {
        "id": f"{GONE}:{document_id}",
        "tenant_id": partition.tenant_id,
        "space_id": partition.space_id,
        "kind": GONE,
        "document_id": document_id,
        "seq": seq,
        "ttl": GONE_TOLD_S,
    }


def described(head: Item, title: str, attributes: Attributes) -> Item:
    """Return the head with another title and attributes."""
    return {**head, "title": title, "attributes": orjson.dumps(attributes).decode()}


def attributes_of(head: Item) -> Attributes:
    """Return what a document is filtered by."""
    found: Attributes = orjson.loads(head["attributes"])
    return found


def ids(document_id: str, generation: str, many: int) -> list[str]:
    """Return the ids of a generation's passages."""
    return [f"{PASSAGE}:{document_id}:{generation}:{number}" for number in range(many)]


def new(ref: VersionRef, generation: str, span: PassageSpan, made: Mapping[str, object]) -> Item:
    """Return a passage that is not to be seen yet; `made` has its id."""
    return {
        "tenant_id": ref.tenant_id,
        "space_id": ref.space_id,
        "kind": PASSAGE,
        "document_id": ref.document_id,
        "generation": generation,
        "visible": False,
        "span": asdict(span),
        "terms": [],
        **made,
    }


def shown(attributes: Attributes) -> list[Item]:
    """Return the partial change that lets a passage be seen, with its document's attributes."""
    return [
        {"op": "set", "path": "/visible", "value": True},
        {"op": "set", "path": "/terms", "value": sortable.terms(attributes)},
    ]


def retitled(words: str, title: str, attributes: Attributes) -> list[Item]:
    """Return the partial change that gives a passage another title and attributes."""
    return [
        {"op": "set", "path": "/lexemes", "value": lexemes(title, words)},
        {"op": "set", "path": "/terms", "value": sortable.terms(attributes)},
    ]


def lexemes(title: str, words: str) -> str:
    """Return the text that is searched: terms of title, section and passage."""
    return f"{title} {words}".strip()


def numbers(vector: Iterable[float]) -> list[float]:
    """Return a vector as JSON has it."""
    return [round(float(number), _DIGITS) for number in vector]


def passage(row: Item, head: Item) -> Passage:
    """Return what was found."""
    return Passage(
        document_id=row["document_id"],
        version=head["version"],
        title=head["title"],
        span=codec.decode(PassageSpan, orjson.dumps(row["span"])),
        text=row["text"],
        language=row["language"],
    )


def batches(found: Sequence[Item]) -> Iterable[Sequence[Item]]:
    """Yield items in portions that a batch takes."""
    portion: list[Item] = []
    weight = 0
    for item in found:
        size = len(orjson.dumps(item))
        if portion and (len(portion) == BATCH or weight + size > _BATCH_BYTES):
            yield portion
            portion, weight = [], 0
        portion.append(item)
        weight += size
    if portion:
        yield portion
