"""Options that several commands share."""

from typing import Annotated

import typer

Json = Annotated[
    bool, typer.Option("--json", help="Print JSON on standard output, nothing else there.")
]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="A tag; may be repeated.")]
Metadata = Annotated[
    list[str] | None, typer.Option("--meta", help="Metadata as NAME=VALUE; may be repeated.")
]


def metadata(pairs: list[str] | None) -> dict[str, str]:
    """Read NAME=VALUE pairs; a malformed one is a usage error."""
    found = {}
    for pair in pairs or []:
        name, equals, value = pair.partition("=")
        if not name or not equals:
            raise typer.BadParameter(f"{pair!r} is not NAME=VALUE", param_hint="--meta")
        found[name] = value
    return found
