"""Who may do what: one declared rule per operation, used by every interface.

An operation without a rule stops the application at start (`web/auth.py` walks the routes).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from app.core.errors import ForbiddenError, NotFoundError, RoleError
from app.core.models import Partition, Scope, Space, Tier, Visibility
from app.core.roles import IN_SPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who is calling, for which tenant, with which scopes; `space_ids` None means every space.

    `purpose` is the scope that the running operation needs: a role in a space has to give it too.
    """

    tenant_id: str
    id: str
    scopes: frozenset[Scope]
    space_ids: frozenset[str] | None = None
    purpose: Scope | None = None
    tier: Tier | None = None  # None: its tenant's

    @property
    def administers(self) -> bool:
        """Whether it is an administrator: one who reaches the tenant's members' spaces too."""
        return Scope.ADMIN_ALL in self.scopes

    @property
    def home(self) -> Partition:
        """Return the tenant's own partition."""
        return Partition(self.tenant_id)

    def space(self, space_id: str) -> Partition:
        """Return a space's partition; NotFoundError if this credential is kept to others."""
        if self.space_ids is not None and space_id not in self.space_ids:
            raise NotFoundError(id=space_id)
        return Partition(self.tenant_id, space_id)

    def reaches(self, space_ids: Collection[str]) -> bool:
        """Tell whether none of the spaces is closed to this credential."""
        return self.space_ids is None or self.space_ids.issuperset(space_ids)

    def require(self, scope: Scope) -> None:
        """Raise ForbiddenError unless the scope, or `admin:all`, is held."""
        if scope not in self.scopes and not self.administers:
            raise ForbiddenError(scope=scope.value)


PUBLIC = None
RULES: Mapping[str, Scope | None] = {
    "getOpenApi": PUBLIC,
    "getProblem": PUBLIC,
    "getHealth": PUBLIC,
    "getHealthReady": PUBLIC,
    "getLiveness": PUBLIC,
    "getReadiness": PUBLIC,
    "getHealthDetailed": Scope.ADMIN_ALL,
    "createApiKey": Scope.ADMIN_ALL,
    "listApiKeys": Scope.ADMIN_ALL,
    "getApiKey": Scope.ADMIN_ALL,
    "revokeApiKey": Scope.ADMIN_ALL,
    "deleteApiKey": Scope.ADMIN_ALL,
    "rotateApiKey": Scope.ADMIN_ALL,
    "revokeLeakedKey": Scope.ADMIN_ALL,
    "createSpace": Scope.SPACES_WRITE,
    "listSpaces": Scope.SPACES_READ,
    "getSpace": Scope.SPACES_READ,
    "replaceSpace": Scope.SPACES_WRITE,
    "updateSpace": Scope.SPACES_WRITE,
    "deleteSpace": Scope.SPACES_WRITE,
    "listMembers": Scope.SPACES_READ,
    "getMember": Scope.SPACES_READ,
    "putMember": Scope.SPACES_WRITE,
    "removeMember": Scope.SPACES_WRITE,
    "getReceipt": Scope.SPACES_READ,
    "uploadDocument": Scope.DOCUMENTS_WRITE,
    "listDocuments": Scope.DOCUMENTS_READ,
    "getDocument": Scope.DOCUMENTS_READ,
    "getSpaceDocument": Scope.DOCUMENTS_READ,
    "deleteSpaceDocument": Scope.DOCUMENTS_WRITE,
    "updateDocument": Scope.DOCUMENTS_WRITE,
    "deleteDocument": Scope.DOCUMENTS_WRITE,
    "uploadDocumentVersion": Scope.DOCUMENTS_WRITE,
    "reindexDocument": Scope.DOCUMENTS_WRITE,
    "downloadDocument": Scope.DOCUMENTS_READ,
    "getDocumentText": Scope.DOCUMENTS_READ,
    "createQuery": Scope.QUERIES_EXECUTE,
    "querySpace": Scope.QUERIES_EXECUTE,
    "listQueries": Scope.QUERIES_EXECUTE,
    "getQuery": Scope.QUERIES_EXECUTE,
    "getQueryResult": Scope.QUERIES_EXECUTE,
    "streamQueryEvents": Scope.QUERIES_EXECUTE,
    "cancelQuery": Scope.QUERIES_EXECUTE,
    "explainQuery": Scope.QUERIES_EXECUTE,
    "verifyCitation": Scope.QUERIES_EXECUTE,
    "giveFeedback": Scope.QUERIES_EXECUTE,
    "listDeadJobs": Scope.ADMIN_ALL,
    "replayDeadJob": Scope.ADMIN_ALL,
    "getUsage": Scope.ADMIN_ALL,
    "listAuditEvents": Scope.AUDIT_READ,
    "exportAuditEvents": Scope.AUDIT_READ,
}

# These are about what belongs to no space, or to all: a credential kept to some may not use them.
WHOLE_TENANT = frozenset(
    {
        "createSpace",
        "getUsage",
        "listAuditEvents",
        "exportAuditEvents",
        "listDeadJobs",
        "replayDeadJob",
    }
)


def authorize(principal: Principal, operation: str) -> Principal:
    """Return the principal at its operation; ForbiddenError unless the rule allows it.

    Objects are not looked at: use cases hold what they find against `enter`.
    """
    rule = RULES[operation]
    if rule is PUBLIC:
        return principal
    principal.require(rule)
    if operation in WHOLE_TENANT and principal.space_ids is not None:
        raise ForbiddenError(scope=f"{rule.value} on every space")
    return replace(principal, purpose=rule)


def sees(principal: Principal, space: Space) -> bool:
    """Tell whether a space is there for the principal.

    A members' space is there for its members and for administrators of its tenant.
    """
    if not principal.reaches((space.id,)):
        return False
    if space.visibility is Visibility.TENANT or principal.administers:
        return True
    return space.member(principal.id) is not None


def enter(principal: Principal, space: Space) -> None:
    """Raise NotFoundError unless the principal sees the space, RoleError unless it may act there.

    In a members' space a member may do what its credential and its role both allow: a role never
    widens a credential.
    """
    if not sees(principal, space):
        raise NotFoundError(id=space.id)
    if space.visibility is Visibility.TENANT or principal.administers:
        return
    member, purpose = space.member(principal.id), principal.purpose
    if member is None or (purpose is not None and purpose not in IN_SPACE[member.role]):
        said = "" if member is None else member.role.value
        raise RoleError(role=said, scope="" if purpose is None else purpose.value)
