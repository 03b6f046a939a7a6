"""Every stored field and every table is in the inventory of data, in one class."""

import ast
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
INVENTORY = ROOT / "security/data-inventory.toml"
MODELS = ROOT / "app/core/models"
CLASSES = ("none", "pseudonymous", "personal", "special", "secret")
# What wraps any record, and holds nothing of its own.
WRAPPERS = {"Stored", "Page"}
TABLE = re.compile(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+)")


@pytest.fixture(scope="module")
def inventory() -> Mapping[str, Any]:
    return tomllib.loads(INVENTORY.read_text())


def fields_of_models(folder: Path) -> dict[str, set[str]]:
    """Return the fields of each dataclass: read, not imported."""
    found = {}
    for path in folder.glob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and node.decorator_list:
                names = [part.target for part in node.body if isinstance(part, ast.AnnAssign)]
                found[node.name] = {name.id for name in names if isinstance(name, ast.Name)}
    return {name: fields for name, fields in found.items() if fields and name not in WRAPPERS}


def classified(entry: Mapping[str, Any]) -> list[str]:
    return [name for kind in CLASSES for name in entry.get(kind, ())]


def test_every_field_of_every_stored_model_is_classified_once(
    inventory: Mapping[str, Any],
) -> None:
    listed = sorted(
        f"{entry['model']}.{name}" for entry in inventory["data"] for name in classified(entry)
    )
    found = sorted(
        f"{model}.{name}" for model, fields in fields_of_models(MODELS).items() for name in fields
    )
    undecided, gone = set(found) - set(listed), set(listed) - set(found)
    assert (undecided, gone) == (set(), set()), "decide in security/data-inventory.toml"
    assert listed == found, "a field stands there twice"


def test_a_new_field_would_be_noticed(tmp_path: Path) -> None:
    (tmp_path / "more.py").write_text("@dataclass\nclass Person:\n    email: str\n")
    assert fields_of_models(tmp_path) == {"Person": {"email"}}


def test_every_entry_says_why_about_whom_and_for_how_long(inventory: Mapping[str, Any]) -> None:
    rules = {rule["id"] for rule in inventory["retention"]}
    for entry in inventory["data"]:
        assert entry["retention"] in rules, entry["model"]
        for key in ("purpose", "subjects", "basis", "recipients", "owner"):
            assert entry[key].strip(), (entry["model"], key)


def test_every_table_of_the_embedded_store_is_listed(inventory: Mapping[str, Any]) -> None:
    sources = (ROOT / "app/adapters/embedded").rglob("*.py")
    found = {table for path in sources for table in TABLE.findall(path.read_text())}
    listed = [table for store in inventory["store"] for table in store.get("tables", ())]
    assert found
    assert sorted(listed) == sorted(found)


def test_every_store_holds_models_of_the_inventory_and_says_how_they_go(
    inventory: Mapping[str, Any],
) -> None:
    known = {entry["model"] for entry in inventory["data"]}
    for store in inventory["store"]:
        assert set(store["holds"]) <= known, store["id"]
        assert store["erasure"].strip()


def test_secrets_are_classified_as_such(inventory: Mapping[str, Any]) -> None:
    [key] = [entry for entry in inventory["data"] if entry["model"] == "ApiKey"]
    assert key["secret"] == ["secret_sha256", "previous_sha256"]
