"""Of which days clients ask what was used."""

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from app.web.inputs.fields import OMITTABLE, Input


def _real(day: str) -> str:
    """Refuse the thirty-first of a month that has thirty days; ValueError."""
    return date.fromisoformat(day).isoformat()


_Day = Annotated[
    Annotated[
        str,
        Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"),
        AfterValidator(_real),
    ]
    | None,
    OMITTABLE,
]


class UsageDays(Input):
    """The query parameters of the statement of use."""

    first_day: Annotated[
        _Day, Field(description="Such as 2026-11-01 (UTC); the first of this month if left out.")
    ] = None
    last_day: Annotated[_Day, Field(description="Included; today if left out.")] = None

    def span(self) -> tuple[str, str]:
        """Return the first and the last day."""
        today = datetime.now(UTC).date().isoformat()
        return self.first_day or f"{today[:7]}-01", self.last_day or today
