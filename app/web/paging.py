"""Keyset pages: `limit` and `cursor` in, `{items, next_cursor}` and a Link out."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from app.core import models
from app.core.filters import Filter
from app.core.ports import Listing
from app.web import cursors
from app.web.answers import Answer
from app.web.inputs.paging import Page
from app.web.services import Call

T = TypeVar("T")
_NOT_BINDING = frozenset({"cursor", "limit"})


def listing(call: Call, asked: Page, where: Filter | None = None) -> Listing:
    """Return what is asked for; BadCursorError for a cursor of another list."""
    after = None if asked.cursor is None else cursors.decode(asked.cursor, _binding(call))
    return Listing(after=after, limit=asked.limit, descending=asked.descending, where=where)


async def answer(
    call: Call, page: models.Page[T], view: Callable[[Sequence[T]], Awaitable[list[Any]]]
) -> Answer:
    """Return a page as an answer; `view` shows its items."""
    items = await view(page.items)
    if page.next_after is None:
        return Answer({"items": items, "next_cursor": None})
    cursor = cursors.encode(page.next_after, _binding(call))
    query = [(name, value) for name, value in _query(call) if name != "cursor"]
    target = f"{call.request.url.path}?{urlencode([*query, ('cursor', cursor)])}"
    return Answer(
        {"items": items, "next_cursor": cursor}, headers={"Link": f'<{target}>; rel="next"'}
    )


def _binding(call: Call) -> str:
    filters = sorted(pair for pair in _query(call) if pair[0] not in _NOT_BINDING)
    return f"{call.principal.tenant_id}\0{call.request.url.path}\0{urlencode(filters)}"


def _query(call: Call) -> list[tuple[str, str]]:
    query: str = call.request.scope["query_string"].decode("latin-1")
    return parse_qsl(query, keep_blank_values=True)
