"""`eva documents`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.connecting import connect, sole_space, space_id
from app.cli.options import Json, Metadata, Tags, metadata
from app.cli.receipts import completed
from app.cli.screen import Screen

app = typer.Typer(help="Upload, list, show, read and delete documents.", no_args_is_help=True)

InSpace = Annotated[
    str | None,
    typer.Option("--space", help="A space's id or exact name; needed if there are several."),
]
DocumentId = Annotated[str, typer.Argument(metavar="DOCUMENT", help="A document's id.")]
_COLUMNS = ("id", "title", "status", "content_type", "pages", "created_at")
_VERSION_COLUMNS = ("number", "filename", "status", "reason", "size_bytes", "pages", "created_at")


@app.command("list")
def list_(
    space: InSpace = None,
    status: Annotated[str | None, typer.Option(help="Only those in this state.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """List the documents of a space."""
    only = {"status": status} if status else {}
    with connect() as server:
        id_ = space_id(server, space) if space else sole_space(server)
        found = list(server.pages(f"/api/v1/spaces/{id_}/documents", **only))
    Screen(as_json=as_json).listing(found, _COLUMNS)


@app.command()
def upload(
    paths: Annotated[
        list[Path],
        typer.Argument(exists=True, readable=True, help="Files, or folders with all in them."),
    ],
    space: InSpace = None,
    document: Annotated[
        str | None, typer.Option(help="Upload one file as a new version of this document.")
    ] = None,
    tags: Tags = None,
    meta: Metadata = None,
    *,
    wait: Annotated[bool, typer.Option(help="Wait until the documents can be asked.")] = True,
    as_json: Json = False,
) -> None:
    """Upload files and wait until they can be asked.

    Folders are walked; hidden files are left out, and files that can't be read as documents are
    skipped with the reason.
    """
    from app.cli.uploading import Said, report, upload_all

    if document and (len(paths) != 1 or not paths[0].is_file()):
        raise typer.BadParameter("a new version is one file", param_hint="--document")
    said = Said(tags=tuple(tags or ()), metadata=metadata(meta))
    if document and said != Said():
        raise typer.BadParameter("a version keeps its document's", param_hint="--tag, --meta")
    with connect() as server:
        if document:
            target = f"/api/v1/documents/{document}/versions"
        else:
            id_ = space_id(server, space) if space else sole_space(server)
            target = f"/api/v1/spaces/{id_}/documents"
        outcomes = upload_all(server, target, paths, said, wait=wait)
    report(outcomes, Screen(as_json=as_json))


@app.command()
def show(document: DocumentId, *, as_json: Json = False) -> None:
    """Show one document."""
    with connect() as server:
        found = server.get(f"/api/v1/documents/{document}")
    Screen(as_json=as_json).record(found)


@app.command()
def text(document: DocumentId, *, as_json: Json = False) -> None:
    """Print the text that was read from a document."""
    with connect() as server:
        found = server.get(f"/api/v1/documents/{document}/text")
    screen = Screen(as_json=as_json)
    if as_json:
        screen.data(found)
    else:
        print(found["text"])


@app.command()
def versions(document: DocumentId, *, as_json: Json = False) -> None:
    """List the versions of a document."""
    with connect() as server:
        found: dict[str, Any] = server.get(f"/api/v1/documents/{document}")
    Screen(as_json=as_json).listing(found["versions"], _VERSION_COLUMNS)


@app.command()
def delete(
    document: DocumentId,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Delete a document, every trace of it, and show the receipt."""
    with connect() as server:
        if not yes:
            typer.confirm(f"Delete document {document} for good?", abort=True, err=True)
        server.call("DELETE", f"/api/v1/documents/{document}")
        Screen(as_json=as_json).record(completed(server, document))
