"""How what is in memory of a space follows what is stored: changes by their numbers, all at first.

Whatever is read may be newer than the stamp; it is never older. Passages that went between two
queries show in their number, and then the next changes say what became of them.
"""

from collections.abc import Iterable, Iterator, Sequence

from app.adapters.azure.cosmos import passages
from app.adapters.azure.cosmos.container import Container, Item, Place
from app.adapters.azure.cosmos.listing import Parameters
from app.adapters.azure.cosmos.shelves.shelf import Shelf

_TRIES = 5  # of catching up with a space that is changed meanwhile
_HEADS = 1000  # in a query
_NUMBERS, _FEWEST = 50_000, 20  # of vectors in a query, which is so many passages, but not fewer
_HEAD = "c.id, c.kind, c.document_id, c.active, c.passages, c.version, c.title, c.attributes, c.seq"
_ROW = "c.id, c.document_id, c.generation, c.span, c.text, c.language, c.words, c.embedding"


class BehindError(Exception):
    """A space is changed faster than can be followed."""


class Source:
    """What is stored of spaces, as it is followed."""

    def __init__(self, container: Container, dimensions: int) -> None:
        self._container = container
        self._most = max(_FEWEST, _NUMBERS // dimensions)

    async def stamp(self, place: Place) -> Item | None:
        """Return the stamp of a space; None if nothing was ever seen of it."""
        return await self._container.read(place, passages.STAMP)

    async def count(self, place: Place) -> int:
        """Return how many passages a space has, by a look at the index."""
        sql = "SELECT VALUE COUNT(1) FROM c WHERE c.kind = @kind AND c.visible = true"
        [found] = await self._container.query(place, sql, {"@kind": passages.PASSAGE})
        return int(found)

    async def fill(self, place: Place, shelf: Shelf) -> None:
        """Put all that is seen on an empty shelf, which is at a stamp read before; BehindError."""
        given: dict[str, object] = {"@kind": passages.HEAD}
        for _ in range(_TRIES):
            heads = await self._all(place, (_HEAD, "c.kind = @kind"), given, _HEADS)
            if await self._put(place, shelf, heads):
                break
        else:
            raise BehindError
        now = await self.stamp(place)
        if now is None or now["life"] != shelf.life:
            raise BehindError
        if now["seq"] > shelf.seq:
            await self.follow(place, shelf, now)

    async def follow(self, place: Place, shelf: Shelf, stamp: Item) -> None:
        """Bring a shelf to a stamp of its life; BehindError."""
        for _ in range(_TRIES):
            changes = await self._changes(place, shelf.seq)
            if await self._put(place, shelf, changes):
                shelf.seq = stamp["seq"]
                return
            now = await self.stamp(place)
            if now is None or now["life"] != shelf.life:
                break
            stamp = now
        raise BehindError

    async def _put(self, place: Place, shelf: Shelf, changed: Sequence[Item]) -> bool:
        """Show documents as these heads have it; tell whether all their passages were there."""
        wanted = []
        for row in changed:
            if row["kind"] == passages.GONE or row["active"] is None:
                shelf.take(row["document_id"])
            elif shelf.has(row):
                shelf.describe(row)
            else:
                wanted.append(row)
        whole = True
        for some in _portions(wanted, self._most):
            found = await self._passages(place, some)
            for head in some:
                rows = found.get((head["document_id"], head["active"]), [])
                if len(rows) == head["passages"]:
                    shelf.put(head, rows)
                else:
                    whole = False
        return whole

    async def _changes(self, place: Place, seq: int) -> list[Item]:
        """Return what was changed after a number: of each document the last."""
        tests = "c.kind IN (@head, @gone) AND c.seq > @seq"
        given = {"@head": passages.HEAD, "@gone": passages.GONE, "@seq": seq}
        sql = f"SELECT {_HEAD} FROM c WHERE {tests}"  # noqa: S608  # nosec B608
        rows = await self._container.query(place, sql, given)
        last = {row["document_id"]: row for row in sorted(rows, key=lambda row: int(row["seq"]))}
        return list(last.values())

    async def _passages(
        self, place: Place, heads: Sequence[Item]
    ) -> dict[tuple[str, str], list[Item]]:
        """Return the passages of the generations that are seen, in order."""
        parameters = Parameters({"@kind": passages.PASSAGE})
        names = ", ".join(parameters.add(head["active"]) for head in heads)
        tests = f"c.kind = @kind AND c.generation IN ({names})"
        found: dict[tuple[str, str], list[Item]] = {}
        for row in await self._all(place, (_ROW, tests), parameters.values, self._most):
            found.setdefault((row["document_id"], row["generation"]), []).append(row)
        for rows in found.values():
            rows.sort(key=lambda row: int(row["span"]["ordinal"]))
        return found

    async def _all(
        self, place: Place, wanted: tuple[str, str], given: dict[str, object], most: int
    ) -> list[Item]:
        """Return all rows, so many at a time, none of which takes long."""
        columns, tests = wanted
        sql = (
            f"SELECT TOP {most} {columns} FROM c WHERE {tests} AND c.id > @after"  # noqa: S608  # nosec B608
            " ORDER BY c.id"
        )
        found: list[Item] = []
        after = ""
        while True:
            rows = await self._container.query(place, sql, {**given, "@after": after})
            found += rows
            if len(rows) < most:
                return found
            after = rows[-1]["id"]


def _portions(heads: Iterable[Item], most: int) -> Iterator[list[Item]]:
    """Yield heads in portions that have at most so many passages, unless one alone has more."""
    portion: list[Item] = []
    many = 0
    for head in heads:
        if portion and (many + head["passages"] > most or len(portion) == most):
            yield portion
            portion, many = [], 0
        portion.append(head)
        many += head["passages"]
    if portion:
        yield portion
