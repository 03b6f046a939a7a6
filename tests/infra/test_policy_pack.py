"""The pack as the command line has it: a process that answers over gRPC."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from eva_infra.settings.files import FOLDER
from policy.policies import POLICIES

PACK = FOLDER / "policy"


@pytest.fixture(scope="module")
def analyzer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    said: Path = tmp_path_factory.mktemp("pack") / "errors"
    with (
        said.open("w") as errors,
        subprocess.Popen(
            [sys.executable, "-u", str(PACK)], stdout=subprocess.PIPE, stderr=errors, text=True
        ) as pack,
    ):
        assert pack.stdout is not None
        port = pack.stdout.readline().strip()
        assert port.isdigit(), said.read_text()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
        pack.terminate()


def test_the_pack_tells_the_command_line_its_policies(
    analyzer: analyzer_pb2_grpc.AnalyzerStub,
) -> None:
    told = analyzer.GetAnalyzerInfo(empty_pb2.Empty(), timeout=60)
    assert told.name == "eva-api"
    mandatory = analyzer_pb2.EnforcementLevel.Value("MANDATORY")
    assert {one.name: one.enforcementLevel for one in told.policies} == {
        one.name: mandatory for one in POLICIES
    }


def test_the_pack_refuses_a_public_vault_over_the_wire(
    analyzer: analyzer_pb2_grpc.AnalyzerStub,
) -> None:
    properties = struct_pb2.Struct()
    properties.update({"vaultName": "kv-eva-dev", "properties": {"publicNetworkAccess": "Enabled"}})
    asked = analyzer_pb2.AnalyzeRequest(
        type="azure-native:keyvault:Vault",
        name="vault",
        urn="urn:pulumi:dev::eva-api::azure-native:keyvault:Vault::vault",
        properties=properties,
    )
    found = analyzer.Analyze(asked, timeout=60).diagnostics
    assert "no-public-data-plane" in {one.policyName for one in found}
    [said] = [one.message for one in found if "publicNetworkAccess" in one.message]
    assert "'Enabled', not 'Disabled'" in said


def test_the_pack_is_a_pulumi_policy_pack() -> None:
    declared = (PACK / "PulumiPolicy.yaml").read_text()
    assert "name: python" in declared
    assert (PACK / "__main__.py").is_file()
