"""The Azure backend from the command line, where nothing of it answers."""

import sys
from base64 import b64encode
from pathlib import Path

import httpx2

from tests.app.cli.running import NOWHERE, Eva
from tests.peers.programs import Program, running

ON_AZURE = {
    "EVA_BACKEND": "azure",
    "AZURE_COSMOS_ENDPOINT": NOWHERE,
    "AZURE_COSMOS_KEY": "a2V5",
    "AZURE_STORAGE_CONNECTION_STRING": "AccountName=a;AccountKey=a2V5;"
    f"BlobEndpoint={NOWHERE}/a;QueueEndpoint={NOWHERE}/a",
    "AZURE_OPENAI_ENDPOINT": NOWHERE,
    "AZURE_OPENAI_KEY": "key",
    "AZURE_OPENAI_EMBEDDING_DEPLOYMENT_NAME": "vectors",
    "EVA_EMBEDDING_DIMENSIONS": "256",
    "EVA_AUDIT_KEY": b64encode(bytes(32)).decode(),
    "EVA_AZURE_TIMEOUT": "1",
}


def test_init_on_another_backend_says_that_there_is_nothing_to_do(eva: Eva) -> None:
    ran = eva("azure", "init")
    assert (ran.code, ran.err) == (1, "Nothing is to be prepared: EVA_BACKEND is not azure\n")


def test_what_the_database_has_to_hold_is_printed_without_asking_anybody(eva: Eva) -> None:
    ran = eva("azure", "init", "--print", **ON_AZURE)
    declared = {one["id"]: one for one in ran.data}
    [vectors] = declared["passages-vectors-256"]["vectorEmbeddingPolicy"]["vectorEmbeddings"]
    assert (ran.code, vectors["dimensions"]) == (0, 256)
    assert declared["records"]["partitionKey"]["paths"] == ["/tenant_id", "/space_id"]


def test_init_without_an_account_says_who_is_missing(eva: Eva) -> None:
    ran = eva("azure", "init", **ON_AZURE)
    assert ran.code == 1
    assert "records can't be reached or used" in ran.err


def test_the_doctor_names_each_service_that_does_not_answer(eva: Eva) -> None:
    ran = eva("doctor", "--json", **ON_AZURE)
    bad = {one["name"] for one in ran.data["problems"]}
    assert bad >= {"cosmos db", "search index", "blob storage", "queues", "embeddings"}
    assert "data folder" not in ran.out


def test_the_doctor_names_settings_that_are_missing(eva: Eva) -> None:
    ran = eva("doctor", EVA_BACKEND="azure")
    assert "EVA_BACKEND=azure needs AZURE_COSMOS_ENDPOINT" in ran.out


def test_the_service_starts_while_nothing_of_azure_answers(tmp_path: Path) -> None:
    program = Program(
        name="serve",
        command=[sys.executable, "-m", "app.cli", "serve", "--port", "0"],
        ready={"serve": r"answers at (http://\S+)"},
        env=ON_AZURE,
    )
    with running(program, tmp_path) as served:
        assert httpx2.get(f"{served.url}/livez", timeout=60).status_code == 200
        ready = httpx2.get(f"{served.url}/readyz", timeout=60)
    assert ready.status_code == 503
    assert ready.json()["checks"] == {"records": "failed", "blobs": "failed", "index": "failed"}
