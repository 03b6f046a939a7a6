"""Roles: named sets of scopes, in a tenant and in a space."""

from collections.abc import Mapping

from app.core.models import Scope, SpaceRole

_READER = frozenset({Scope.SPACES_READ, Scope.DOCUMENTS_READ, Scope.QUERIES_EXECUTE})
_CONTRIBUTOR = _READER | {Scope.DOCUMENTS_WRITE}
_MANAGER = _CONTRIBUTOR | {Scope.SPACES_WRITE, Scope.WEBHOOKS_MANAGE}

ROLES: Mapping[str, frozenset[Scope]] = {
    "reader": _READER,
    "contributor": _CONTRIBUTOR,
    "manager": _MANAGER,
    "admin": frozenset({Scope.ADMIN_ALL}),
    "auditor": frozenset({Scope.AUDIT_READ}),
}
"""What a token that names a role may do in its tenant."""

IN_SPACE: Mapping[SpaceRole, frozenset[Scope]] = {
    SpaceRole.READER: _READER,
    SpaceRole.CONTRIBUTOR: _CONTRIBUTOR,
    SpaceRole.MANAGER: _MANAGER,
}
"""The most that a member may do in a members' space, whatever its credential allows elsewhere."""
