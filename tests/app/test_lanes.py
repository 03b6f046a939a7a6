"""How many jobs a process does at once."""

import pytest

from app.core.models import JobKind
from app.settings import Settings
from app.worker import lanes

AZURE = {
    "EVA_BACKEND": "azure",
    "AZURE_COSMOS_ENDPOINT": "https://none",
    "AZURE_OPENAI_ENDPOINT": "https://none",
    "AZURE_OPENAI_EMBEDDING_DEPLOYMENT_NAME": "text-embedding-3-small",
    "AZURE_STORAGE_ACCOUNT_NAME": "none",
    "AZURE_KEY_VAULT_URL": "https://none",
    "EVA_AUDIT_KEY": "vault:none",
}


@pytest.mark.parametrize(
    ("settings", "answers"),
    [({}, 4), (AZURE, 32), ({**AZURE, "EVA_ANSWER_PLACES": "7"}, 7)],
)
def test_more_answers_are_made_at_once_where_they_wait_for_a_model(
    settings: dict[str, str], answers: int
) -> None:
    made = {kind: lane.places for lane in lanes(Settings.load(settings)) for kind in lane.kinds}
    assert made[JobKind.ANSWER] == answers


def test_every_kind_of_job_has_places() -> None:
    made = [kind for lane in lanes(Settings.load({})) for kind in lane.kinds]
    assert sorted(made) == sorted(JobKind)


def test_a_process_that_reads_no_documents_answers_only() -> None:
    [lane] = lanes(Settings.load({"EVA_INGEST_PLACES": "0"}))
    assert lane.kinds == (JobKind.ANSWER,)
