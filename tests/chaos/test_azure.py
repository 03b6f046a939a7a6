import pytest
from chaoslib.exceptions import ActivityFailed

from chaos import actions

ALLOWED = {"fault_driver": "azure", "allow": "yes", "azure_faults": {"cosmos:down": "/one"}}


def test_a_fault_without_permission_is_refused() -> None:
    with pytest.raises(ActivityFailed, match="EVA_CHAOS_ALLOW"):
        actions.cut_off("cosmos", {**ALLOWED, "allow": "no"})
    with pytest.raises(ActivityFailed, match="EVA_CHAOS_ALLOW"):
        actions.clear({**ALLOWED, "allow": "no"})


def test_a_fault_that_no_experiment_stands_for_is_refused() -> None:
    with pytest.raises(ActivityFailed, match="names no Chaos Studio experiment for blobs:timeout"):
        actions.inject("blobs", {"type": "timeout"}, ALLOWED)


def test_a_fault_without_a_token_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_MANAGEMENT_TOKEN", raising=False)
    with pytest.raises(ActivityFailed, match="AZURE_MANAGEMENT_TOKEN is not set"):
        actions.cut_off("cosmos", ALLOWED)
