"""Making the database what `declare` says, as far as that can be done, and telling what can't.

Running it again changes nothing. Partition keys and vectors are fixed when a container is made:
a difference there is only reported. With an identity instead of a key, the service lets nobody
make databases or containers this way; then what is missing is reported, to be made by whoever
manages the account.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.cosmos import PartitionKey
from azure.cosmos.aio import DatabaseProxy
from azure.cosmos.exceptions import CosmosResourceNotFoundError

from app.adapters.azure.cosmos.account import Account
from app.adapters.azure.cosmos.declare import CONSISTENCIES, Declared, containers
from app.adapters.azure.failures import azure_errors

_FORBIDDEN = 403
_FIXED = ("partitionKey", "vectorEmbeddingPolicy")
_CHANGEABLE = ("defaultTtl", "indexingPolicy", "fullTextPolicy")


@dataclass(slots=True)
class Outcome:
    """What was made, what was changed, and what differs and can't be changed from here."""

    made: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)


async def initialise(account: Account) -> Outcome:
    """Make and check database and containers; raises UnavailableError."""
    outcome = Outcome()
    with azure_errors("records"):
        await _check_account(account, outcome)
        database = await _database(account, outcome)
        for declared in containers(account.place):
            await _container(database, declared, outcome)
    return outcome


async def _check_account(account: Account, outcome: Outcome) -> None:
    found = await (await account.client())._get_database_account()  # noqa: SLF001 - no other way
    level = (found.ConsistencyPolicy or {}).get("defaultConsistencyLevel")
    if level not in CONSISTENCIES:
        outcome.differing.append(
            f"account: its default consistency is {level}, not {' or '.join(CONSISTENCIES)}:"
            " one process may miss what another has committed"
        )


async def _database(account: Account, outcome: Outcome) -> DatabaseProxy:
    database = await account.database()
    try:
        await database.read()
    except CosmosResourceNotFoundError:
        client = await account.client()
        try:
            await client.create_database(account.place.database)
            outcome.made.append(f"database {account.place.database}")
        except HttpResponseError as error:
            _require_forbidden(error)
            outcome.differing.append(f"database {account.place.database}: {_NOT_MADE}")
    return database


async def _container(database: DatabaseProxy, declared: Declared, outcome: Outcome) -> None:
    name = declared["id"]
    try:
        found = await database.get_container_client(name).read()
    except CosmosResourceNotFoundError:
        await _make(database, declared, outcome)
        return
    outcome.differing += [
        f"container {name}: {part} is {_shown(found.get(part))}, not {_shown(declared[part])}"
        for part in _FIXED
        if part in declared and not _holds(found.get(part), declared[part])
    ]
    wanted, present = _vectors(declared), _vectors(found)
    if not _holds(present, wanted):
        outcome.differing.append(f"container {name}: vectorIndexes are {present}, not {wanted}")
    elif any(p in declared and not _holds(found.get(p), declared[p]) for p in _CHANGEABLE):
        await _change(database, declared, outcome)


async def _make(database: DatabaseProxy, declared: Declared, outcome: Outcome) -> None:
    try:
        await database.create_container(declared["id"], **_options(declared))
        outcome.made.append(f"container {declared['id']}")
    except HttpResponseError as error:
        _require_forbidden(error)
        outcome.differing.append(f"container {declared['id']}: {_NOT_MADE}")


async def _change(database: DatabaseProxy, declared: Declared, outcome: Outcome) -> None:
    options = _options(declared)
    options.pop("vector_embedding_policy", None)
    try:
        await database.replace_container(declared["id"], **options)
        outcome.changed.append(f"container {declared['id']}")
    except HttpResponseError as error:
        _require_forbidden(error)
        outcome.differing.append(f"container {declared['id']}: {_NOT_MADE}")


_NOT_MADE = "is not as declared, and this identity may not make it so"


def _require_forbidden(error: HttpResponseError) -> None:
    if error.status_code != _FORBIDDEN:
        raise error


def _options(declared: Declared) -> dict[str, Any]:
    key = declared["partitionKey"]
    paths = key["paths"] if key["kind"] == "MultiHash" else key["paths"][0]
    names = {
        "indexing_policy": "indexingPolicy",
        "default_ttl": "defaultTtl",
        "full_text_policy": "fullTextPolicy",
        "vector_embedding_policy": "vectorEmbeddingPolicy",
    }
    given = {name: declared[member] for name, member in names.items() if member in declared}
    return {"partition_key": PartitionKey(path=paths, kind=key["kind"]), **given}


def _vectors(container: Mapping[str, Any]) -> object:
    return container.get("indexingPolicy", {}).get("vectorIndexes", [])


def _holds(found: object, wanted: object) -> bool:
    """Tell whether all that is wanted is there; the service adds members of its own."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(
            name in found and _holds(found[name], value) for name, value in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(found, list) and all(any(_holds(f, w) for f in found) for w in wanted)
    return bool(found == wanted)


def _shown(part: object) -> str:
    return "missing" if part is None else str(part)
