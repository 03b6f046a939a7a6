"""Every threat has an answer and tests, every row of a list too, and the page says the same."""

from collections import Counter
from pathlib import Path

import pytest

from pipelines.readiness.checks.junit import Case
from pipelines.readiness.located import ConfigurationError, read_toml
from pipelines.readiness.threat_page import PAGE, SOURCE, written
from pipelines.scans.controls import answered, read_rows

ROOT = Path(__file__).parents[2]
CONTROLS = ROOT / "security/controls.toml"
ROW = """[[list]]
id = "l"
title = "L"
[[row]]
list = "l"
id = "R-1"
title = "A row"
tests = ["tests/a/*", "tests/b.py::*"]
"""


def test_the_page_of_the_threat_model_says_what_the_data_says() -> None:
    assert (ROOT / PAGE).read_text() == written(read_toml(ROOT / SOURCE, SOURCE))


def test_every_threat_names_its_answer_and_what_remains() -> None:
    rows = read_rows(ROOT / SOURCE)
    assert len(rows) >= 16
    for row in rows:
        assert all(row.text(key) for key in ("asset", "stride", "control", "residual"))


def test_every_item_of_every_list_is_there() -> None:
    count = Counter(row.text("list") for row in read_rows(CONTROLS))
    for name in ("owasp-top10-2025", "owasp-api-2023", "owasp-llm-2025"):
        assert count[name] == 10, name
    asvs = [row.text("id") for row in read_rows(CONTROLS) if row.text("list") == "asvs-5.0"]
    assert {section.split(".")[0] for section in asvs} == {f"V{n}" for n in range(1, 18)}
    assert len(set(asvs)) == len(asvs)


def case(name: str, status: str = "passed", control: str = "") -> Case:
    properties = (("control", control),) if control else ()
    file = name.partition("::")[0]
    return Case(file=file, id=name, status=status, message="", properties=properties)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.toml"
    path.write_text(ROW)
    return path


BOTH = [case("tests/a/test_x.py::test_it"), case("tests/b.py::test_it")]


def test_a_row_is_met_when_every_pattern_has_a_test_that_passed(rows: Path) -> None:
    [row] = read_rows(rows)
    assert answered(row, BOTH)["status"] == "met"
    assert answered(row, BOTH)["tests"] == [made.id for made in BOTH]


def test_a_row_with_a_pattern_that_fits_nothing_is_untested(rows: Path) -> None:
    [row] = read_rows(rows)
    said = answered(row, BOTH[:1])
    assert (said["status"], said["reason"]) == ("untested", "no test fits tests/b.py::*")


@pytest.mark.parametrize("status", ["failure", "error", "skipped"])
def test_a_row_with_a_test_that_did_not_pass_failed(rows: Path, status: str) -> None:
    [row] = read_rows(rows)
    said = answered(row, [*BOTH, case("tests/a/test_y.py::test_it", status)])
    assert (said["status"], said["reason"]) == (
        "failed",
        "did not pass: tests/a/test_y.py::test_it",
    )


def test_a_test_that_names_a_row_in_its_properties_counts_for_it(rows: Path) -> None:
    [row] = read_rows(rows)
    tagged = case("tests/elsewhere.py::test_it", "failure", control="R-1")
    assert answered(row, [*BOTH, tagged])["status"] == "failed"
    other = case("tests/elsewhere.py::test_it", "failure", control="R-2")
    assert answered(row, [*BOTH, other])["status"] == "met"


def test_a_row_that_does_not_apply_gives_its_reason(rows: Path) -> None:
    rows.write_text(ROW.replace('tests = ["tests/a/*", "tests/b.py::*"]', 'not_applicable = "No."'))
    [row] = read_rows(rows)
    said = answered(row, [])
    assert (said["status"], said["reason"]) == ("not applicable", "No.")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('list = "l"\n', 'list = "m"\n', ":5: there is no such"),
        ('tests = ["tests/a/*", "tests/b.py::*"]\n', "", ":4: say either"),
        ('["tests/a/*", "tests/b.py::*"]', "[]", ":8: no pattern"),
        ("title = ", "titel = ", "unknown key 'titel'"),
    ],
)
def test_a_malformed_row_is_named_by_file_and_line(
    rows: Path, old: str, new: str, said: str
) -> None:
    head, _, tail = ROW.partition("[[row]]")
    text = head + "[[row]]" + tail.replace(old, new, 1)
    rows.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_rows(rows)
    assert said in str(caught.value)
    assert str(caught.value).startswith("rows.toml:")
