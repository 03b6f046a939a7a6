import contextlib
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.embedded import schema
from app.adapters.embedded.listing import query
from app.core.models import Partition
from app.core.ports import Listing

SPACE = Partition("ten_1", "spc_1")
IDS = st.text("ab:", min_size=1, max_size=4)


def listed(ids: set[str], listing: Listing) -> list[str]:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(schema.MIGRATIONS[0])
        rows = [("ten_1", "spc_1", "document", id_, "etag", None, b"{}") for id_ in ids]
        connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        return [row[0] for row in connection.execute(*query("document", SPACE, listing))]


@given(
    ids=st.sets(IDS, max_size=12),
    prefix=st.text("ab:", max_size=2),
    after=st.none() | IDS,
    descending=st.booleans(),
)
def test_a_listing_holds_the_ids_of_the_prefix_behind_the_last_one_in_order(
    ids: set[str], prefix: str, after: str | None, descending: bool
) -> None:
    def behind(id_: str) -> bool:
        return after is None or (id_ < after if descending else id_ > after)

    expected = sorted((i for i in ids if i.startswith(prefix) and behind(i)), reverse=descending)
    listing = Listing(prefix=prefix, after=after, descending=descending, limit=5)
    assert listed(ids, listing) == expected[:6]


@pytest.mark.parametrize("descending", [False, True])
def test_a_page_far_into_a_prefix_begins_where_the_last_one_ended(descending: bool) -> None:
    """Two bounds on one side made SQLite read from the start of the prefix, page after page."""
    after = "doc_5:qry_7"
    sql, parameters = query(
        "quotation", SPACE, Listing(prefix="doc_5:", after=after, descending=descending)
    )
    assert sql.count("id >") == 1
    assert sql.count("id <") == 1
    assert after in parameters
