"""What a route says of itself beyond what FastAPI can tell: problems, headers."""

from typing import Any

KEY = "x-eva-notes"


def notes(
    *,
    problems: tuple[str, ...] = (),
    takes: tuple[str, ...] = (),
    gives: dict[int, tuple[str, ...]] | None = None,
    unconditional: bool = False,
) -> dict[str, Any]:
    """Return a route's `openapi_extra`.

    `problems` are codes of the catalogue beyond those every such operation has, `takes` request
    headers, `gives` response headers by status. An `unconditional` change takes no If-Match.
    """
    given = {str(status): list(names) for status, names in (gives or {}).items()}
    return {
        KEY: {
            "problems": list(problems),
            "takes": list(takes),
            "gives": given,
            "unconditional": unconditional,
        }
    }
