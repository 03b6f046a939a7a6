"""`eva spaces`."""

from typing import Annotated, Any

import typer

from app.cli.connecting import connect, space_id
from app.cli.options import Json, Metadata, Tags, metadata
from app.cli.receipts import completed
from app.cli.screen import Screen

app = typer.Typer(help="Create, list, show and delete spaces.", no_args_is_help=True)

Space = Annotated[str, typer.Argument(metavar="SPACE", help="A space's id or exact name.")]
_COLUMNS = ("id", "name", "document_count", "tags", "created_at")


@app.command("list")
def list_(*, as_json: Json = False) -> None:
    """List the spaces that your key can see."""
    with connect() as server:
        Screen(as_json=as_json).listing(list(server.pages("/api/v1/spaces")), _COLUMNS)


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What people call the space.")],
    description: Annotated[str, typer.Option(help="What the space is for.")] = "",
    tags: Tags = None,
    meta: Metadata = None,
    *,
    as_json: Json = False,
) -> None:
    """Create a space, to put documents into."""
    wanted: dict[str, Any] = {
        "name": name,
        "description": description,
        "tags": tags or [],
        "metadata": metadata(meta),
    }
    with connect() as server:
        Screen(as_json=as_json).record(server.call("POST", "/api/v1/spaces", json=wanted))


@app.command()
def show(space: Space, *, as_json: Json = False) -> None:
    """Show one space."""
    with connect() as server:
        found = server.get(f"/api/v1/spaces/{space_id(server, space)}")
    Screen(as_json=as_json).record(found)


@app.command()
def delete(
    space: Space,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Delete a space with everything in it, and show the receipt."""
    with connect() as server:
        id_ = space_id(server, space)
        if not yes:
            typer.confirm(f"Delete space {id_} and every document in it?", abort=True, err=True)
        server.call("DELETE", f"/api/v1/spaces/{id_}")
        Screen(as_json=as_json).record(completed(server, id_))
