"""Links: which operations take the id that an operation's answer holds."""

from collections.abc import Mapping
from typing import Any

_SPACE = (
    "getSpace",
    "replaceSpace",
    "updateSpace",
    "deleteSpace",
    "listDocuments",
    "uploadDocument",
    "querySpace",
    "listMembers",
)
_DOCUMENT = (
    "getDocument",
    "updateDocument",
    "deleteDocument",
    "uploadDocumentVersion",
    "reindexDocument",
    "downloadDocument",
    "getDocumentText",
)
_QUERY = (
    "getQuery",
    "getQueryResult",
    "streamQueryEvents",
    "cancelQuery",
    "explainQuery",
    "giveFeedback",
)
_KEY = ("getApiKey", "rotateApiKey", "revokeApiKey", "deleteApiKey")
# operation -> status of the answer with the id, the parameter it fills, the operations that take it
_LINKS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "createSpace": ("201", "space_id", _SPACE),
    "uploadDocument": ("202", "document_id", _DOCUMENT),
    "createQuery": ("202", "query_id", _QUERY),
    "querySpace": ("202", "query_id", _QUERY),
    "createApiKey": ("201", "key_id", _KEY),
}


def linked(operation: str, responses: dict[str, Any]) -> None:
    """Add an operation's links to its responses."""
    if operation in _LINKS:
        status, parameter, targets = _LINKS[operation]
        responses[status]["links"] = {
            target: {"operationId": target, "parameters": {parameter: "$response.body#/id"}}
            for target in targets
        }
