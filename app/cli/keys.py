"""`eva keys`: credentials, over HTTP or, for the operator, in the data folder itself."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from app.cli.options import Json
from app.cli.refusal import RefusedError
from app.cli.screen import Screen
from app.core.models import DEFAULT_TENANT, Scope
from app.settings import ClientSettings, Settings

app = typer.Typer(help="Create, list and revoke API keys.", no_args_is_help=True)

_PATH = "/api/v1/auth/api-keys"
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
EVERYDAY = (
    Scope.SPACES_READ,
    Scope.SPACES_WRITE,
    Scope.DOCUMENTS_READ,
    Scope.DOCUMENTS_WRITE,
    Scope.QUERIES_EXECUTE,
)
_COLUMNS = ("id", "name", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")


def expiry(lifetime: str) -> str:
    """Return when a key of this lifetime (`30m`, `12h`, `90d`) expires, in ISO 8601."""
    said = re.fullmatch(r"([1-9][0-9]{0,4})([mhd])", lifetime)
    if said is None:
        raise typer.BadParameter(f"{lifetime!r}: not like 30m, 12h, 90d", param_hint="--expires")
    when = datetime.now(UTC) + timedelta(**{_UNITS[said[2]]: int(said[1])})
    return when.isoformat()


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the key is for.")],
    scopes: Annotated[
        list[Scope] | None,
        typer.Option("--scope", help="What it may do; repeated. Default: all but administration."),
    ] = None,
    spaces: Annotated[
        list[str] | None,
        typer.Option("--space", help="Keep it to this space (an id); may be repeated."),
    ] = None,
    expires: Annotated[
        str | None, typer.Option("--expires", help="Lifetime: 30m, 12h, 90d.")
    ] = None,
    *,
    local: Annotated[
        bool, typer.Option("--local", help="Issue it in the data folder (EVA_DATA_DIR) itself.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Issue a key. Its token is shown once."""
    wanted: dict[str, Any] = {
        "name": name,
        "scopes": [scope.value for scope in scopes or EVERYDAY],
        "space_ids": spaces,
        "expires_at": expiry(expires) if expires else None,
    }
    wanted = {field: value for field, value in wanted.items() if value is not None}
    made = asyncio.run(issue_locally(Settings.load(), wanted)) if local else _post(wanted)
    screen = Screen(as_json=as_json)
    screen.record(made)
    screen.note("The key is shown only now; keep it.")


@app.command("list")
def list_(*, as_json: Json = False) -> None:
    """List the keys, revoked ones included."""
    from app.cli.client import Client

    with Client(ClientSettings.load()) as client:
        Screen(as_json=as_json).listing(list(client.pages(_PATH)), _COLUMNS)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="KEY", help="A key's id.")],
    *,
    as_json: Json = False,
) -> None:
    """Revoke a key at once and for good."""
    from app.cli.client import Client

    with Client(ClientSettings.load()) as client:
        revoked = client.call("POST", f"{_PATH}/{key_id}/revoke")
    Screen(as_json=as_json).record(revoked)


def _post(wanted: dict[str, Any]) -> dict[str, Any]:
    from app.cli.client import Client

    with Client(ClientSettings.load()) as client:
        made: dict[str, Any] = client.call("POST", _PATH, json=wanted)
    return made


async def issue_locally(settings: Settings, wanted: dict[str, Any]) -> dict[str, Any]:
    """Issue a key in the data folder, for whoever may write to it; no server is asked."""
    from app.core import keys
    from app.core.errors import EvaError
    from app.wiring import open_ports

    expires_at = wanted.get("expires_at")
    spaces = wanted.get("space_ids")
    new = keys.NewKey(
        name=wanted["name"],
        scopes=tuple(Scope(scope) for scope in wanted["scopes"]),
        space_ids=None if spaces is None else tuple(spaces),
        expires_at=datetime.fromisoformat(expires_at) if expires_at else None,
    )
    try:
        async with open_ports(settings) as ports:
            issued = await keys.issue(ports, DEFAULT_TENANT, "operator", new)
    except EvaError as error:
        raise RefusedError("Not issued", "the data folder is busy or full", error.code) from error
    return {"id": issued.key.value.id, **wanted, "token": issued.token}
