"""The service says what its database and queues are; the infrastructure makes them so."""

import json
import re
from pathlib import Path

import yaml

from app.core.models import JobKind
from app.settings import Settings
from app.wiring import declared_containers

ON_AZURE = {
    "EVA_BACKEND": "azure",
    "AZURE_COSMOS_ENDPOINT": "https://cosmos.example.org",
    "AZURE_STORAGE_ACCOUNT_NAME": "account",
    "AZURE_OPENAI_ENDPOINT": "https://openai.example.org",
    "AZURE_KEY_VAULT_URL": "https://vault.example.org",
    "EVA_AUDIT_KEY": "vault:audit-key",
}


def embeddings(root: Path, stack: str) -> str:
    content = yaml.safe_load((root / f"infra/Pulumi.{stack}.yaml").read_text())
    [name] = [
        model["deployment"]
        for model in content["config"]["eva-api:models"]
        if model["role"] == "embeddings"
    ]
    return str(name)


def test_infrastructure_makes_the_containers_that_the_service_declares(root: Path) -> None:
    made = json.loads((root / "infra/eva_infra/cosmos.json").read_text())
    for stack in ("dev", "staging", "prod"):
        settings = Settings.load(
            ON_AZURE | {"AZURE_OPENAI_EMBEDDING_DEPLOYMENT_NAME": embeddings(root, stack)}
        )
        declared = json.loads(json.dumps(declared_containers(settings)))
        assert made == declared, "run `make infra-containers`"


def test_infrastructure_scales_workers_by_the_queues_that_the_service_rings(root: Path) -> None:
    text = (root / "infra/eva_infra/service_settings.py").read_text()
    [kinds] = re.findall(r"^JOB_KINDS = \((.*)\)$", text, re.MULTILINE)
    assert re.findall(r'"([\w-]+)"', kinds) == [kind.value for kind in JobKind]
    [prefix] = re.findall(r'^QUEUE_PREFIX = "(.*)"$', text, re.MULTILINE)
    assert prefix == Settings.load({}).storage_queue_prefix
