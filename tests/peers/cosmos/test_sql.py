"""Whatever is sent as a query is understood or refused; the peer never stumbles."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.peers.cosmos.refusal import Refused
from tests.peers.cosmos.sql import FUNCTIONS, KEYWORDS, Reader
from tests.peers.cosmos.tree import Query

PIECES = (
    sorted(KEYWORDS)
    + sorted(FUNCTIONS)
    + [
        "c",
        "c.n",
        "@p",
        "1",
        "2.5",
        "(",
        ")",
        ",",
        ".",
        "=",
        "<",
        ">=",
        "*",
        "'a'",
        "[",
        "]",
        "t",
        "count",
        "!=",
        ";",
    ]
)


@given(st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join) | st.text(max_size=40))
@example("SELECT")
@example("SELECT VALUE COUNT(1) FROM c WHERE (((")
@settings(max_examples=500, deadline=None)
def test_a_text_is_a_query_or_is_refused_with_a_reason(text: str) -> None:
    try:
        read = Reader(text).query()
    except Refused as refused:
        assert refused.status == 400
        assert refused.reason.startswith("not in the allowed subset: ")
    else:
        assert isinstance(read, Query)
