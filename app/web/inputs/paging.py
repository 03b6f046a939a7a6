"""The query parameters of lists."""

from typing import Annotated, Literal

from pydantic import Field

from app.web.inputs.fields import OMITTABLE, Input


class Page(Input):
    """The query parameters of every list."""

    limit: Annotated[int, Field(ge=1, le=100, description="How many items at most.")] = 20
    cursor: Annotated[
        str | None,
        OMITTABLE,
        Field(max_length=500, description="`next_cursor` of the page before; opaque."),
    ] = None

    @property
    def descending(self) -> bool:
        """Tell whether the newest come first."""
        return False


class Paging(Page):
    """The query parameters of a list that has two orders."""

    order: Annotated[
        Literal["asc", "desc"], Field(description="Oldest first (`asc`) or newest first (`desc`).")
    ] = "asc"

    @property
    def descending(self) -> bool:
        """Tell whether the newest come first."""
        return self.order == "desc"
