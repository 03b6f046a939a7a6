"""The items of one logical partition, by id and, as an account's index has them, by their kind."""

from collections import defaultdict
from collections.abc import Collection, Iterator, MutableMapping
from typing import Any, TypeAlias

Item: TypeAlias = dict[str, Any]


class Partition(MutableMapping[str, Item]):
    """What a query of one kind costs does not grow with the others that are there."""

    def __init__(self) -> None:
        self._items: dict[str, Item] = {}
        self._kinds: defaultdict[str, dict[str, Item]] = defaultdict(dict)

    def of(self, kind: str | None) -> Collection[Item]:
        """Return the items of a kind, of every one for None, oldest id first."""
        if kind is None:
            return self._items.values()
        return self._kinds[kind].values() if kind in self._kinds else ()

    def __getitem__(self, id_: str) -> Item:
        return self._items[id_]

    def __setitem__(self, id_: str, item: Item) -> None:
        known = self._items.get(id_)
        if known is not None and known.get("kind") != item.get("kind"):
            del self[id_]
        self._items[id_] = item
        if isinstance(kind := item.get("kind"), str):
            self._kinds[kind][id_] = item

    def __delitem__(self, id_: str) -> None:
        kind = self._items.pop(id_).get("kind")
        if isinstance(kind, str):
            del self._kinds[kind][id_]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)
