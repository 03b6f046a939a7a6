"""The items of a kind are those that are there, whatever was written before."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.peers.cosmos.partition import Partition

IDS = st.sampled_from("abc")
KINDS: st.SearchStrategy[object] = st.sampled_from(["query", "usage", None, 1])
WRITES = st.lists(st.tuples(IDS, st.none() | st.fixed_dictionaries({"kind": KINDS})))


@given(WRITES)
def test_a_kind_holds_what_all_hold_of_it(writes: list[tuple[str, dict[str, Any] | None]]) -> None:
    partition = Partition()
    known: dict[str, dict[str, Any]] = {}
    for id_, item in writes:
        if item is None:
            partition.pop(id_, None)
            known.pop(id_, None)
        else:
            partition[id_] = known[id_] = item
    assert dict(partition) == known
    assert len(list(partition.of(None))) == len(known)
    for kind in ("query", "usage"):
        wanted = {id_ for id_, item in known.items() if item["kind"] == kind}
        assert len(partition.of(kind)) == len(wanted)
        assert all(item["kind"] == kind for item in partition.of(kind))
