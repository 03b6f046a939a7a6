import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.adapters.embedded import EmbeddedStore, open_store
from app.adapters.embedded.epoch import Epoch, Recent
from app.core.kinds import SPACES
from app.core.models import Partition
from app.core.ports import Put
from tests.contract.sample import a_space

HOME = Partition("ten_default")


@pytest.fixture
def epoch(tmp_path: Path) -> Iterator[Epoch]:
    with contextlib.closing(Epoch(tmp_path / "epoch")) as opened:
        yield opened


def _numbers(epoch: Epoch) -> Iterator[int]:
    """Yield what a read gives, each time one more if it is made anew."""
    recent = Recent(epoch)
    made = iter(range(100))
    while True:
        yield recent.get("key", lambda: next(made), int)


def test_a_value_is_kept_until_a_commit(epoch: Epoch) -> None:
    numbers = _numbers(epoch)
    assert [next(numbers), next(numbers)] == [0, 0]
    epoch.begin()
    epoch.end()
    assert [next(numbers), next(numbers)] == [1, 1]


def test_nothing_is_kept_while_a_commit_is_under_way(epoch: Epoch) -> None:
    numbers = _numbers(epoch)
    assert next(numbers) == 0
    epoch.begin()
    assert [next(numbers), next(numbers)] == [1, 2]
    epoch.end()
    assert [next(numbers), next(numbers)] == [3, 3]


def test_what_was_read_across_a_commit_is_not_kept(epoch: Epoch) -> None:
    recent = Recent(epoch)

    def overtaken() -> str:
        epoch.begin()
        epoch.end()
        return "old"

    assert recent.get("key", overtaken, str) == "old"
    assert recent.get("key", lambda: "new", str) == "new"


def test_a_process_that_died_in_a_commit_is_got_over_by_the_next(
    epoch: Epoch, tmp_path: Path
) -> None:
    with contextlib.closing(Epoch(tmp_path / "epoch")) as dying:
        dying.begin()
    numbers = _numbers(epoch)
    assert [next(numbers), next(numbers)] == [0, 1]
    epoch.begin()
    epoch.end()
    assert [next(numbers), next(numbers)] == [2, 2]


def test_what_is_kept_is_bounded(epoch: Epoch) -> None:
    recent = Recent(epoch)
    for key in range(10_000):
        recent.get(key, object, id)
    assert len(recent._held) <= 4096


def test_what_is_read_the_same_again_is_not_made_anew(epoch: Epoch) -> None:
    recent, rows = Recent(epoch), ["a", "a", "b", "b"]

    def read_in_the_next_epoch() -> object:
        epoch.begin()
        epoch.end()
        return recent.get("key", lambda: rows.pop(0), lambda _: object())

    first, again, other, last = (read_in_the_next_epoch() for _ in range(4))
    assert first is again
    assert other is last
    assert first is not other


def test_what_was_read_is_forgotten_with_the_second_commit_after(epoch: Epoch) -> None:
    recent = Recent(epoch)
    for key in ("deleted", "one", "two"):
        epoch.begin()
        epoch.end()
        recent.get(key, lambda: "row", str)
    assert {*recent._held, *recent._before} == {"one", "two"}


async def test_a_record_is_decoded_once_while_nothing_changes(store: EmbeddedStore) -> None:
    space = a_space(HOME)
    await store.records.commit(HOME, Put(kind=SPACES, value=space))
    first = await store.records.get(SPACES, HOME, space.id)
    assert first is not None
    assert await store.records.get(SPACES, HOME, space.id) is first


async def test_what_another_opener_of_the_folder_changes_is_seen_at_once(
    store: EmbeddedStore, folder: Path
) -> None:
    space = a_space(HOME)
    async with open_store(folder) as other:
        for name in ("one", "two", "three"):
            renamed = replace(space, name=name)
            await other.records.commit(HOME, Put(kind=SPACES, value=renamed))
            found = await store.records.get(SPACES, HOME, space.id)
            assert found is not None
            assert found.value.name == name
