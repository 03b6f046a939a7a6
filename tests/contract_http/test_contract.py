"""The live service keeps to its own document: no server error, no undocumented answer."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest

from tests.app.cli.serving import Served, serving
from tests.contract_http.fuzzing import DEADLY, Report, fuzz


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("contract")


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Served]:
    with serving(folder) as found:
        yield found


@pytest.fixture(scope="module")
def document(served: Served) -> dict[str, Any]:
    found: dict[str, Any] = httpx2.get(f"{served.url}/openapi.json", timeout=60).json()
    return found


def run(served: Served, folder: Path, *options: str) -> Report:
    assert served.token is not None
    return fuzz(folder, f"{served.url}/openapi.json", served.token, *options)


@pytest.mark.timeout(900)
def test_the_service_answers_only_as_documented_and_never_with_a_fault(
    served: Served, folder: Path, document: dict[str, Any]
) -> None:
    spared = chain.from_iterable(("--exclude-operation-id", name) for name in DEADLY)
    report = run(served, folder, "--max-examples", "12", *spared)
    assert report.failures == (), report.said
    assert report.turned_away == ()
    assert report.complete
    assert report.errored == 0
    everything = sum(len(methods) for methods in document["paths"].values())
    assert report.tested == report.selected == everything - len(DEADLY)
    assert report.cases > 1000
    assert "unhandled error" not in (folder / "server.log").read_text()
    own = {"X-API-Key": served.token or ""}
    assert httpx2.get(f"{served.url}/api/v1/spaces", headers=own, timeout=60).status_code == 200


@pytest.mark.timeout(900)
def test_the_operations_that_end_keys_answer_only_as_documented(
    served: Served, folder: Path
) -> None:
    only = chain.from_iterable(("--include-operation-id", name) for name in DEADLY)
    report = run(served, folder, "--max-examples", "20", "--phases", "coverage,fuzzing", *only)
    assert report.failures == (), report.said
    assert report.tested == len(DEADLY)


@pytest.mark.timeout(900)
def test_an_answer_that_is_not_documented_would_be_found(
    served: Served, folder: Path, document: dict[str, Any]
) -> None:
    health = document["paths"]["/health"]["get"]["responses"]
    livez = document["components"]["schemas"]["Health"]["properties"]
    planted = orjson.loads(orjson.dumps(document))
    planted["paths"]["/health"]["get"]["responses"] = {"201": health["200"], "422": health["422"]}
    planted["components"]["schemas"]["Health"]["properties"]["version"] = {"type": "integer"}
    assert livez["version"] != {"type": "integer"}
    (folder / "planted.json").write_bytes(orjson.dumps(planted))
    assert served.token is not None
    report = fuzz(
        folder,
        "planted.json",
        served.token,
        *("--url", served.url, "--phases", "coverage,fuzzing", "--max-examples", "2"),
        *("--include-operation-id", "getHealth", "--include-operation-id", "getLiveness"),
    )
    found = sorted(failure.partition(":")[0] for failure in report.failures)
    assert found == [
        "ST103 Undocumented status code",
        "ST108 Response violates schema",
    ], report.said
