"""Every file that was asked for is valid by its published schema."""

from pipelines.readiness.checks.check import Asked, Check, parsed
from pipelines.readiness.model import Finding, Reading


def read(report: bytes, _asked: Asked) -> Reading:
    """Read `check-jsonschema --output-format json -v`."""
    made = parsed(report, holding="checked_paths")
    errors = tuple(
        f"{error['filename']}: {error.get('message', 'cannot be parsed')}"
        for error in made.get("parse_errors", ())
    )
    return Reading(
        seen=frozenset(made["checked_paths"]),
        errors=errors,
        findings=tuple(
            Finding(rule=found["path"], where=found["filename"], message=found["message"])
            for found in made["errors"]
        ),
    )


CHECK = Check(id="schema", read=read)
