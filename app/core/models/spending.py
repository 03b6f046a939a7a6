"""What was used, as it is charged."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What one principal used on one day in one space, as one process counted it.

    Money is in millionths of the currency that prices are in. `space_id` is "" for requests as
    such; questions, tokens and money belong to the space that was asked, the first of several.
    """

    id: str  # begins with the day, so that sorting by id sorts by day
    day: str  # UTC, such as 2026-11-22
    principal_id: str
    space_id: str = ""
    requests: int = 0
    questions: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    money: int = 0
