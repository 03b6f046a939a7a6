"""What the claims of a verified token mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import UnauthenticatedError
from app.core.identity import (
    Refusal,
    Trust,
    principal_of,
    require_access_token,
    scopes_of,
)
from app.core.models import Scope
from app.core.roles import ROLES

TRUST = Trust(issuer="https://login.example", tenants={"guid": "ten_a"})
EVERYTHING = frozenset(Scope)
names = st.sampled_from([*ROLES, *(scope.value for scope in Scope), "other", ""])


def effective(scopes: frozenset[Scope]) -> frozenset[Scope]:
    return EVERYTHING if Scope.ADMIN_ALL in scopes else scopes


def test_roles_are_these_sets_of_scopes() -> None:
    assert {role: {str(scope) for scope in scopes} for role, scopes in ROLES.items()} == {
        "reader": {"spaces:read", "documents:read", "queries:execute"},
        "contributor": {"spaces:read", "documents:read", "queries:execute", "documents:write"},
        "manager": {
            "spaces:read",
            "documents:read",
            "queries:execute",
            "documents:write",
            "spaces:write",
            "webhooks:manage",
        },
        "admin": {"admin:all"},
        "auditor": {"audit:read"},
    }


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"scp": "spaces:read documents:read"}, {"spaces:read", "documents:read"}),
        ({"scp": ["spaces:read", "audit:read"]}, {"spaces:read", "audit:read"}),
        ({"scp": "access_as_user spaces:delete SPACES:READ"}, set()),
        ({"scp": {"spaces:read": True}}, set()),
        ({"scp": [1, None, "audit:read"]}, {"audit:read"}),
        ({"roles": ["auditor"]}, {"audit:read"}),
        ({"roles": "auditor reader"}, {"audit:read", *(str(s) for s in ROLES["reader"])}),
        ({"roles": ["root", "Admin", "admin:all", 7]}, set()),
        ({"scp": "access_as_user", "roles": ["auditor"]}, {"audit:read"}),
        ({"scp": "spaces:read", "roles": ["root"]}, {"spaces:read"}),
        ({"scp": "spaces:read spaces:write", "roles": ["reader"]}, {"spaces:read"}),
        ({"scp": "admin:all", "roles": ["auditor"]}, {"audit:read"}),
        ({"scp": "spaces:read", "roles": ["admin"]}, {"spaces:read"}),
        ({"scp": "audit:read", "roles": ["reader"]}, set()),
        ({}, set()),
    ],
    ids=lambda given: str(sorted(given) if isinstance(given, set) else given),
)
def test_scopes_and_roles_allow_what_they_name(
    claims: dict[str, object], expected: set[str]
) -> None:
    assert {str(scope) for scope in scopes_of(claims)} == expected


@given(st.lists(names), st.lists(names))
def test_both_together_never_allow_more_than_either(scp: list[str], roles: list[str]) -> None:
    granted, held = scopes_of({"scp": scp}), scopes_of({"roles": roles})
    both = effective(scopes_of({"scp": scp, "roles": roles}))
    if granted and held:
        assert both == effective(granted) & effective(held)
    else:
        assert both == effective(granted | held)


def test_a_principal_is_of_the_tenant_that_its_issuer_may_speak_for() -> None:
    found = principal_of({"sub": "me", "tid": "guid", "scp": "audit:read"}, TRUST)
    assert found.tenant_id == "ten_a"
    assert found.scopes == {Scope.AUDIT_READ}
    assert found.id.startswith("oidc:")
    assert found.id.endswith(":me")


def test_an_issuer_of_one_tenant_need_not_name_it() -> None:
    trust = Trust(issuer="https://b2c.example", tenants={"guid": "ten_a"}, tenant_claim=None)
    assert principal_of({"sub": "me", "tid": "other"}, trust).tenant_id == "ten_a"


def test_the_claim_that_names_the_holder_is_the_operators_choice() -> None:
    trust = Trust(issuer="https://x", tenants={"guid": "ten_a"}, subject_claim="oid")
    assert principal_of({"sub": "pair", "oid": "1-2", "tid": "guid"}, trust).id.endswith(":1-2")
    with pytest.raises(UnauthenticatedError) as refused:
        principal_of({"sub": "pair", "tid": "guid"}, trust)
    assert refused.value.reason == Refusal.SUBJECT


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"sub": "me"}, Refusal.NO_TENANT),
        ({"sub": "me", "tid": None}, Refusal.NO_TENANT),
        (
            {"sub": "me", "tid": "ten_a"},
            Refusal.FOREIGN_TENANT,
        ),  # the name here is not a name there
        ({"sub": "", "tid": "guid"}, Refusal.SUBJECT),
        ({"sub": "é", "tid": "guid"}, Refusal.SUBJECT),
        ({"sub": ["me"], "tid": "guid"}, Refusal.SUBJECT),
    ],
    ids=str,
)
def test_claims_that_name_no_holder_or_tenant_are_refused(
    claims: dict[str, object], reason: Refusal
) -> None:
    with pytest.raises(UnauthenticatedError) as refused:
        principal_of(claims, TRUST)
    assert refused.value.reason == reason
    assert reason.value not in str(refused.value)


def test_a_token_that_says_it_is_for_access_is_believed() -> None:
    require_access_token("at+jwt", {"nonce": "n"})
    with pytest.raises(UnauthenticatedError) as refused:
        require_access_token("jwt", {"nonce": "n"})
    assert refused.value.reason == Refusal.NOT_FOR_ACCESS
