"""The sentences of one problem in one language."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of a problem. A `{name}` in `detail` is filled from the error's facts."""

    title: str
    detail: str  # this occurrence
    meaning: str  # what happened and what to do, for the page /problems/{code}
