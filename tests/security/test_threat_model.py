"""Every threat has an answer and tests, every row of a list too, and the page says the same."""

from collections import Counter
from collections.abc import Iterator
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


# How many items of levels 1 and 2 each section of ASVS 5.0.0 has; they are its first ones.
ASVS = {
    "V1": (2, 9, 11, 3, 2),
    "V2": (3, 3, 4, 1),
    "V3": (0, 2, 4, 6, 5, 0, 2),
    "V4": (3, 1, 2, 4),
    "V5": (1, 3, 2, 3),
    "V6": (3, 12, 4, 4, 5, 3, 0, 4),
    "V7": (3, 4, 2, 5, 2, 2),
    "V8": (2, 3, 1, 1),
    "V9": (3, 4),
    "V10": (2, 2, 4, 11, 5, 2, 3),
    "V11": (2, 3, 3, 4, 1, 1, 0),
    "V12": (3, 2, 4),
    "V13": (1, 5, 2, 5),
    "V14": (2, 4, 3),
    "V15": (3, 3, 7, 0),
    "V16": (1, 5, 4, 3, 3),
    "V17": (1, 4, 2),
}


def sections() -> Iterator[tuple[str, str, int]]:
    """Yield each chapter, each section of it, and how many items of levels 1 and 2 that has."""
    for chapter, counts in ASVS.items():
        for number, count in enumerate(counts, 1):
            yield chapter, f"{chapter}.{number}", count


def test_every_item_of_asvs_has_a_row_or_is_in_a_section_that_does_not_apply() -> None:
    rows = {row.text("id"): row for row in read_rows(CONTROLS) if row.text("list") == "asvs-5.0"}
    left_out = {name for name, row in rows.items() if "not_applicable" in row.values}
    asked = {
        f"{section}.{n}": (chapter, section)
        for chapter, section, count in sections()
        for n in range(1, count + 1)
    }
    assert len(asked) == 253
    unanswered = {n for n, above in asked.items() if n not in rows and not left_out & {*above}}
    assert unanswered == set()
    higher = {section for _, section, count in sections() if count == 0}
    assert set(rows) - set(asked) <= higher | {s for above in asked.values() for s in above}


def test_a_section_of_asvs_stands_for_its_items_only_where_none_applies() -> None:
    rows = {row.text("id"): row for row in read_rows(CONTROLS) if row.text("list") == "asvs-5.0"}
    for _, section, count in sections():
        if section in rows and count:
            assert "not_applicable" in rows[section].values, section


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


def test_a_row_that_is_not_met_says_what_is_not_done(rows: Path) -> None:
    rows.write_text(ROW.replace('tests = ["tests/a/*", "tests/b.py::*"]', 'not_met = "Not yet."'))
    [row] = read_rows(rows)
    said = answered(row, BOTH)
    assert (said["status"], said["reason"], said["tests"]) == ("not met", "Not yet.", [])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('list = "l"\n', 'list = "m"\n', ":5: there is no such"),
        ('tests = ["tests/a/*", "tests/b.py::*"]\n', "", ":4: say one of tests, not_applic"),
        ('title = "A row"', 'title = "A row"\nnot_met = "No."', ":4: say one of"),
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
