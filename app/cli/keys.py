"""`eva keys`: credentials, over HTTP or, for the operator, in the data folder itself."""

import asyncio
import re
import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from app.cli.options import Json
from app.cli.screen import Screen
from app.core.models import Scope, Tier
from app.settings import ClientSettings, Settings

app = typer.Typer(help="Create, list, rotate and revoke API keys.", no_args_is_help=True)

_PATH = "/api/v1/auth/api-keys"
_LEAKED = "/api/v1/auth/leaked-keys"
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
EVERYDAY = (
    Scope.SPACES_READ,
    Scope.SPACES_WRITE,
    Scope.DOCUMENTS_READ,
    Scope.DOCUMENTS_WRITE,
    Scope.QUERIES_EXECUTE,
)
_COLUMNS = ("id", "name", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")


def expiry(text: str) -> str:
    """Return when a key of this lifetime (`30m`, `12h`, `90d`) expires, in ISO 8601."""
    return (datetime.now(UTC) + lifetime(text, "--expires")).isoformat()


def lifetime(text: str, option: str) -> timedelta:
    """Return how long `30m`, `12h` or `90d` is; BadParameter that names the option."""
    said = re.fullmatch(r"([1-9][0-9]{0,4})([mhd])", text)
    if said is None:
        raise typer.BadParameter(f"{text!r}: not like 30m, 12h, 90d", param_hint=option)
    return timedelta(**{_UNITS[said[2]]: int(said[1])})


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
    tier: Annotated[
        Tier | None, typer.Option("--tier", help="How much it may ask for; default: its tenant's.")
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
        "tier": tier.value if tier else None,
    }
    wanted = {field: value for field, value in wanted.items() if value is not None}
    made = _issued_locally(wanted) if local else _post(wanted)
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


@app.command()
def rotate(
    key_id: Annotated[str, typer.Argument(metavar="KEY", help="A key's id.")],
    overlap: Annotated[
        str, typer.Option("--overlap", help="How long the old text still works: 0, 30m, 12h, 7d.")
    ] = "1d",
    *,
    as_json: Json = False,
) -> None:
    """Give a key a new text, shown once; the old one works for a while yet."""
    from app.cli.client import Client

    seconds = 0 if overlap == "0" else int(lifetime(overlap, "--overlap").total_seconds())
    with Client(ClientSettings.load()) as client:
        made = client.call("POST", f"{_PATH}/{key_id}/rotate", json={"overlap_s": seconds})
    screen = Screen(as_json=as_json)
    screen.record(made)
    screen.note("The key is shown only now; keep it.")


@app.command("revoke-leaked")
def revoke_leaked(
    sha256: Annotated[
        str | None,
        typer.Option("--sha256", help="The SHA-256 of the key; left out, the key is asked for."),
    ] = None,
    *,
    local: Annotated[
        bool, typer.Option("--local", help="In the data folder (EVA_DATA_DIR), of any tenant.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Revoke a key by its text or SHA-256, without knowing its id.

    The text is read from the terminal or standard input, so that no history keeps it.
    """
    found = {"sha256": sha256} if sha256 else {"key": _asked_for()}
    if local:
        from app.cli import operating

        revoked = asyncio.run(operating.revoke_leaked(Settings.load(), found))
    else:
        from app.cli.client import Client

        with Client(ClientSettings.load()) as client:
            revoked = client.call("POST", _LEAKED, json=found)
    Screen(as_json=as_json).record(revoked)


def _asked_for() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    return str(typer.prompt("Key", hide_input=True)).strip()


def _issued_locally(wanted: dict[str, Any]) -> dict[str, Any]:
    from app.cli import operating

    return asyncio.run(operating.issue(Settings.load(), wanted))


def _post(wanted: dict[str, Any]) -> dict[str, Any]:
    from app.cli.client import Client

    with Client(ClientSettings.load()) as client:
        made: dict[str, Any] = client.call("POST", _PATH, json=wanted)
    return made
