"""Who may do what."""

import re
from collections.abc import Iterator

from policy.rules import ResourceRule, Rule, Seen

# Roles that let their holder become anything.
UNLIMITED = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
}
ROLE_ADMINISTRATOR = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
_WIDE = re.compile(r"/subscriptions/[^/]+/?|/providers/Microsoft\.Management/.*")
_SUBJECT = re.compile(r"repo:[\w.-]+-\d+/[\w.-]+-\d+:environment:[\w-]+")


def _roles(seen: Seen) -> Iterator[str]:
    if seen.kind != "authorization:RoleAssignment":
        return
    role = str(seen.get("roleDefinitionId")).rsplit("/", 1)[-1]
    if role in UNLIMITED:
        yield f"gives {UNLIMITED[role]}"
    if role == ROLE_ADMINISTRATOR and "GuidEquals" not in str(seen.get("condition")):
        yield "lets its holder give any role: a condition must list which"
    if _WIDE.fullmatch(str(seen.get("scope"))):
        yield f"reaches beyond the stack: {seen.get('scope')}"
    if seen.get("principalType") != "ServicePrincipal":
        yield "is given to somebody else than an identity of the stack"


def _subjects(seen: Seen) -> Iterator[str]:
    if seen.kind != "managedidentity:FederatedIdentityCredential":
        return
    if not _SUBJECT.fullmatch(str(seen.get("subject"))):
        yield f"{seen.get('subject')!r} names no repository by ids, or no environment of it"
    if seen.get("issuer") != "https://token.actions.githubusercontent.com":
        yield f"trusts {seen.get('issuer')}"


RULES: tuple[Rule, ...] = (
    ResourceRule(
        name="least-roles",
        statement="No identity of a stack can give itself more than it has.",
        find=_roles,
    ),
    ResourceRule(
        name="immutable-subjects",
        statement="Workflows are trusted by ids that no rename hands to somebody else.",
        find=_subjects,
    ),
)
