"""What an adapter offers, for those that put something in between."""

from collections.abc import Callable, Iterator
from typing import Any


def public_methods(adapter: object) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield its public methods by name.

    `inspect.getmembers` reads private names too, and before CPython 3.11.3 the `__weakref__` of a
    dataclass with slots can't be read (https://github.com/python/cpython/issues/102069).
    """
    for name in dir(adapter):
        if not name.startswith("_") and callable(found := getattr(adapter, name)):
            yield name, found
