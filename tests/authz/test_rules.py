"""The matrix believes the declared rules; these are what the rules themselves must keep to."""

import re

import pytest

from app.core.access import PUBLIC, RULES, WHOLE_TENANT
from app.core.models import Scope
from tests.authz.operations import Operation

# What may be asked without a credential: it is about the service, and nobody's data.
OPEN = {"getHealth", "getHealthReady", "getLiveness", "getOpenApi", "getProblem", "getReadiness"}
READING = {Scope.SPACES_READ, Scope.DOCUMENTS_READ, Scope.AUDIT_READ}


def test_only_what_is_nobodys_is_public() -> None:
    assert {name for name, rule in RULES.items() if rule is PUBLIC} == OPEN


def test_a_rule_fits_its_operation(operation: Operation) -> None:
    rule = RULES[operation.id]
    if operation.changes:
        assert rule not in {PUBLIC, *READING}
    if operation.path.startswith("/api/"):
        assert rule is not PUBLIC
    if re.search(r"/auth/|/jobs/", operation.path):
        assert rule is Scope.ADMIN_ALL


def test_what_is_the_whole_tenants_has_a_rule_of_its_own() -> None:
    assert {name for name in WHOLE_TENANT if RULES.get(name) is None} == set()


@pytest.mark.parametrize("scope", [s for s in Scope if s is not Scope.WEBHOOKS_MANAGE])
def test_every_scope_opens_something(scope: Scope) -> None:
    assert scope in RULES.values()
