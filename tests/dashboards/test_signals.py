"""What alerts and dashboards ask for is emitted by somebody: held against the service itself."""

import re
from pathlib import Path

from app.telemetry import DEPENDENCIES
from app.web.telemetry import CLASSES
from dashboards import signals

ROOT = Path(__file__).parents[2]
CONTRACT = signals.load(ROOT)
SOURCES = {
    path: path.read_text()
    for path in (ROOT / "app").rglob("*.py")
    if path.name != "instruments.py"  # it declares; that proves nothing
}
CODE = "\n".join(SOURCES.values())


def test_every_metric_of_the_contract_is_emitted() -> None:
    assert [name for name in CONTRACT.metrics if f'"{name}"' not in CODE] == []


def test_a_metric_that_nobody_emits_would_be_found() -> None:
    assert '"eva.of.nobody"' not in CODE
    assert len(SOURCES) > 100


def test_every_dependency_of_the_contract_is_told_of_and_no_other() -> None:
    behind_ports = {name for backend in DEPENDENCIES.values() for name in backend.values()}
    beside = set(re.findall(r'metrics\.call(?:ing|ed)\("(\w+)"', CODE))
    assert behind_ports | beside == set(CONTRACT.dependencies)


def test_operations_are_of_classes_that_the_contract_knows() -> None:
    assert set(CLASSES.values()) <= set(CONTRACT.classes)
    assert set(CONTRACT.classes) - set(CLASSES.values()) == {"read", "write"}, "by their method"


def test_of_every_kind_of_credential_somebody_tells() -> None:
    kinds = CONTRACT.metrics["eva.credentials.expires_in"].attributes["kind"]
    told = re.findall(r'"eva\.credentials\.expires_in", \{"kind": "(\w+)"\}', CODE)
    told += re.findall(r'_expires\("(\w+)"', CODE)
    assert kinds is not None
    assert set(kinds) == set(told)
