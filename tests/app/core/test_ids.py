"""Identifiers."""

from concurrent.futures import ThreadPoolExecutor

from app.core.ids import new_id


def test_ids_sort_in_the_order_of_their_creation() -> None:
    ids = [new_id("spc") for _ in range(10_000)]
    assert ids == sorted(ids)


def test_ids_made_by_many_threads_at_once_are_all_different() -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda _: new_id("doc"), range(20_000)))
    assert len(set(ids)) == 20_000


def test_an_id_names_its_type_and_has_26_crockford_digits() -> None:
    prefix, _, digits = new_id("qry").partition("_")
    assert prefix == "qry"
    assert len(digits) == 26
    assert set(digits) <= set("0123456789abcdefghjkmnpqrstvwxyz")
