"""How commands reach the server that EVA_URL names, with the key in EVA_API_KEY."""

from typing import TYPE_CHECKING, Any

from app.cli.refusal import RefusedError
from app.settings import ClientSettings

if TYPE_CHECKING:
    from app.cli.client import Client

_ID = "spc_"


def connect() -> "Client":
    """Return a client; RefusedError if there is no key to use."""
    settings = ClientSettings.load()
    if settings.api_key is None:
        raise RefusedError(
            title="No API key",
            detail="set EVA_API_KEY. `eva serve` prints a key at its first start; "
            "`eva keys create NAME --local` issues one to whoever owns the data folder.",
            code="no-api-key",
        )
    return client(settings)


def client(settings: ClientSettings) -> "Client":
    """Return a client of these settings; the HTTP library is imported only now."""
    from app.cli.client import Client

    return Client(settings)


def space_id(server: "Client", wanted: str) -> str:
    """Return the id of the space that has this id or, exactly, this name."""
    if wanted.startswith(_ID):
        return wanted
    found = [space for space in server.pages("/api/v1/spaces") if space["name"] == wanted]
    return _only(found, f"named {wanted!r}")


def sole_space(server: "Client") -> str:
    """Return the id of the one space there is."""
    return _only(list(server.pages("/api/v1/spaces")), "in sight")


def _only(found: list[dict[str, Any]], which: str) -> str:
    if len(found) == 1:
        return str(found[0]["id"])
    if found:
        listed = ", ".join(str(space["id"]) for space in found[:10])
        raise RefusedError("Which space?", f"{len(found)} are {which}: {listed}", "ambiguous-space")
    raise RefusedError(
        "No space", f"none is {which}; `eva spaces list` lists them", "no-such-space"
    )
