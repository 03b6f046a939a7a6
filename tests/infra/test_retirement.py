from datetime import UTC, date, datetime

from eva_infra.arm.kinds import api_version
from tests.infra.variants import GraphOf

NEEDED = "2026-02-01"
WARNED_FROM = date(2027, 1, 1)  # the old interface stops on 2027-02-27


def test_the_vault_says_what_the_next_interface_assumes(graph_of: GraphOf) -> None:
    [vault] = graph_of("prod").of("keyvault:Vault")
    assert vault.inputs["properties"]["enableRbacAuthorization"] is True
    assert "accessPolicies" not in vault.inputs["properties"]


def test_the_provider_is_raised_before_the_old_interface_stops() -> None:
    today = datetime.now(tz=UTC).date()
    assert api_version("keyvault:Vault") >= NEEDED or today < WARNED_FROM
