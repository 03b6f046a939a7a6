"""What is put between a port and its users wraps the public methods of an adapter, nothing else."""

from app.adapters.methods import public_methods


class Unreadable:
    """A part that can't be read, as `__weakref__` of slotted dataclasses before CPython 3.11.3."""

    def __get__(self, instance: object, owner: type) -> object:
        if instance is not None:
            raise TypeError("doesn't apply")
        return self


class Adapter:
    _private = Unreadable()
    name = "records"

    async def get(self) -> str:
        return self.name

    async def _read(self) -> None: ...


async def test_public_methods_are_found_whatever_private_parts_are_like() -> None:
    [(name, get)] = public_methods(Adapter())
    assert name == "get"
    assert await get() == "records"
