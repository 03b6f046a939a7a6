"""What `az` and `pulumi` answer where all is well."""

from eva_infra.arm.kinds import PATHS
from eva_infra.settings import Settings, settings_of
from tests.infra.programs import Programs, step, summary

OWN = {
    "repository": "acme/eva-api",
    "ownerId": "123",
    "repositoryId": "456",
    "image": f"eva-api@sha256:{'a' * 64}",
    "alertEmails": '["on-call@acme.test"]',
    "domain": "",
}
MODELS = "az cognitiveservices model list -l canadaeast"
QUOTA = "az cognitiveservices usage list -l canadaeast"
GET = "az rest --method get --url https://management.azure.com"
NOT_FOUND = "Not Found({'code': 'ResourceNotFound'}) (404)"
HISTORY = [
    {
        "kind": "update", "startTime": "2026-11-22T00:00:00.000Z", "message": "",
        "environment": {}, "config": {}, "result": "succeeded",
        "endTime": "2026-11-22T00:00:01.000Z", "version": 1, "resourceChanges": {"same": 174},
    }
]  # fmt: skip


def own(stack: str) -> Settings:
    """Return a stack's settings without anything that stands for something else."""
    return settings_of(stack, **OWN)


def answer_all(programs: Programs) -> None:
    """Let Azure be signed in, roomy, and without the stack; let Pulumi find one change."""
    regions = [
        {"name": name, "availabilityZoneMappings": [{"logicalZone": "1"}]}
        for name in ("canadacentral", "canadaeast")
    ]
    models = own("prod").models
    programs.told("az account show", stdout={"id": "s", "name": "EVA", "state": "Enabled"})
    programs.told("az account list-locations", stdout=regions)
    namespaces = sorted({path.split("/")[0] for path in PATHS.values()})
    registered = [{"namespace": one, "registrationState": "Registered"} for one in namespaces]
    programs.told("az provider list", stdout=registered)
    offers = [{"model": {"name": one.model, "version": one.version}} for one in models]
    programs.told(MODELS, stdout=offers)
    rows = [
        {"name": {"value": f"OpenAI.{one.sku}.{one.model}"}, "limit": 1000, "currentValue": 0}
        for one in models
    ]
    programs.told(QUOTA, stdout=rows)
    programs.told(GET, stdout={"id": "there"})
    programs.told("pulumi version", stdout="v3.205.0")
    programs.told("pulumi stack select", stdout="")
    programs.told("pulumi config set", stdout="")
    found = [step("create", "keyvault:Vault", "vault"), summary(create=1, same=173)]
    programs.told("pulumi preview", stdout="", events=found)
    programs.told("pulumi up", stdout="", events=found)
    programs.told("pulumi refresh", stdout="", events=[summary(same=174)])
    programs.told("pulumi stack history", stdout=HISTORY)
    programs.told("pulumi stack output --json", stdout={"serviceHost": "a.example"})
