"""How a valid request of each operation is made; method and path come from the application.

What a maker reads from the ids it is given is what the operation is tried with on foreign objects.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.authz.operations import Operation

Ids = Mapping[str, str]
Part = Callable[[Ids], dict[str, Any]]
MEMBER = f"key:{'7' * 26}"  # belongs to every planted space
CONSTANTS = {"number": "1", "code": "not-found", "principal_id": MEMBER}  # name no object
TEXT = b"# Leave\n\nEmployees receive twenty-five vacation days per year.\n"


class UnmadeError(AssertionError):
    """An operation that the matrix has no maker for."""


def _nothing(_: Ids) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """What a request carries beside its path. `instead` names another id for a path's."""

    query: Part = _nothing
    body: Part | None = None
    file: bytes | None = None
    instead: Mapping[str, str] = field(default_factory=dict)


PLAIN = Maker()
_QUESTION = "How many vacation days do employees receive?"
_UPLOAD = Maker(file=TEXT + b"New.\n")
_DESCRIBED = Maker(body=lambda _: {"name": "Renamed"})
_RUNNING = Maker(instead={"query_id": "running_query_id"})
_MOST = Maker(query=lambda _: {"limit": "100"})

MAKERS: Mapping[str, Maker] = {
    "getOpenApi": PLAIN,
    "getProblem": PLAIN,
    "getHealth": PLAIN,
    "getHealthReady": PLAIN,
    "getLiveness": PLAIN,
    "getReadiness": PLAIN,
    "getHealthDetailed": PLAIN,
    "createApiKey": Maker(
        body=lambda ids: {"name": "k", "scopes": ["spaces:read"], "space_ids": [ids["space_id"]]}
    ),
    "listApiKeys": _MOST,
    "getApiKey": PLAIN,
    "revokeApiKey": PLAIN,
    "deleteApiKey": PLAIN,
    "rotateApiKey": Maker(body=lambda _: {"overlap_s": 0}),
    "revokeLeakedKey": Maker(body=lambda ids: {"sha256": ids["key_sha256"]}),
    "createSpace": _DESCRIBED,
    "listSpaces": _MOST,
    "getSpace": PLAIN,
    "replaceSpace": _DESCRIBED,
    "updateSpace": _DESCRIBED,
    "deleteSpace": PLAIN,
    "listMembers": _MOST,
    "getMember": PLAIN,
    "putMember": Maker(body=lambda _: {"role": "contributor"}),
    "removeMember": PLAIN,
    "getReceipt": PLAIN,
    "uploadDocument": _UPLOAD,
    "listDocuments": _MOST,
    "getDocument": PLAIN,
    "getSpaceDocument": PLAIN,
    "deleteSpaceDocument": PLAIN,
    "updateDocument": Maker(body=lambda _: {"title": "Renamed"}),
    "deleteDocument": PLAIN,
    "uploadDocumentVersion": _UPLOAD,
    "reindexDocument": PLAIN,
    "downloadDocument": PLAIN,
    "getDocumentText": PLAIN,
    "createQuery": Maker(
        body=lambda ids: {
            "space_ids": [ids["space_id"], ids["second_space_id"]],
            "question": _QUESTION,
        }
    ),
    "querySpace": Maker(body=lambda _: {"question": _QUESTION}),
    "listQueries": Maker(query=lambda ids: {"space_id": ids["space_id"], "limit": "100"}),
    "getQuery": PLAIN,
    "getQueryResult": PLAIN,
    "streamQueryEvents": PLAIN,
    "cancelQuery": _RUNNING,
    "explainQuery": PLAIN,
    "verifyCitation": PLAIN,
    "giveFeedback": Maker(body=lambda _: {"rating": 1}),
    "listDeadJobs": _MOST,
    "replayDeadJob": PLAIN,
    "getUsage": PLAIN,
    "exportAuditEvents": Maker(query=lambda _: {"outcome": "200"}),
    # Refused requests name what was asked for, foreign ids among them; those answered do not.
    "listAuditEvents": Maker(query=lambda _: {"outcome": "200", "limit": "100"}),
}


def request_of(operation: Operation, ids: Ids) -> dict[str, Any]:
    """Return a valid request about these objects, as httpx2 takes it; UnmadeError."""
    if operation.id not in MAKERS:
        raise UnmadeError(f"{operation}: no maker of requests in {__name__}")
    maker = MAKERS[operation.id]
    known = _Both(ids)
    values = {name: known[maker.instead.get(name, name)] for name in operation.names}
    request: dict[str, Any] = {
        "method": operation.method,
        "url": operation.path.format(**values),
        "params": maker.query(known),
    }
    if maker.body is not None:
        request["json"] = maker.body(known)
    if maker.file is not None:
        request["files"] = {"file": ("leave.md", maker.file)}
    if operation.method in ("PUT", "PATCH", "DELETE"):
        request["headers"] = {"If-Match": "*"}
    return request


def objects_of(operation: Operation) -> list[str]:
    """Return the names of the ids that a request carries, in path, query and body."""
    noticing = _Noticing()
    request_of(operation, noticing)
    return sorted(noticing.read)


class _Both(Mapping[str, str]):
    """Ids, and the constants."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids

    def __getitem__(self, name: str) -> str:
        return CONSTANTS[name] if name in CONSTANTS else self._ids[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)


class _Noticing(dict[str, str]):
    """Gives a value for every name, and remembers which were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.read.add(name)
        return name
