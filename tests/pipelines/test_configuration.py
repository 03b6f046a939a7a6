"""A malformed criterion, waiver or record is named by file and line; it never passes."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.readiness.located import ConfigurationError
from pipelines.readiness.policy import FOLDER, OBJECTIVES, Policy, load_policy
from pipelines.readiness.records import load_evidence, written
from tests.pipelines.court import material

ROOT = Path(__file__).parents[2]
CRITERIA = """[policy]
blocks = ["critical", "high"]
waiver_days = 90
warning_days = 14

[[criterion]]
id = "X-01"
area = "security"
severity = "critical"
owner = "security-lead"
runbook = "SECURITY.md"
standards = []
waivable = false
[criterion.statement]
en = "It holds."
fr = "C'est vrai."
[[criterion.demand]]
evidence = "tests"
stage = "beta"
environment = "local"
max_age_days = 7

[[criterion]]
id = "X-02"
area = "security"
severity = "high"
owner = "security-lead"
runbook = "SECURITY.md"
standards = []
waivable = true
[criterion.statement]
en = "It holds too."
fr = "C'est vrai aussi."
[[criterion.demand]]
evidence = "tests"
stage = "beta"
environment = "local"
max_age_days = 7
options.cases = ["tests/*"]
"""
EVIDENCE = """[[evidence]]
id = "tests"
check = "junit"
run = ["pytest"]
report = "junit.xml"
title = { en = "Tests", fr = "Les tests" }
"""
WAIVER = """[[waiver]]
id = "W-001"
criterion = "X-02"
fingerprint = "0123456789abcdef"
reason = "Accepted for now."
owner = "o"
author = "a"
approver = "b"
ticket = "T-1"
created = 2026-05-01
expires = 2026-07-01
"""
PROFILE = """kind: LoadProfile
metadata: {name: peak}
spec:
  users: 500
  min_requests: 10
  classes:
    ask: {p95_ms: 2000, error_rate: 0.001}
"""
FILES = {
    "criteria.toml": CRITERIA,
    "evidence.toml": EVIDENCE,
    "waivers.toml": WAIVER,
    "objectives.yaml": PROFILE,
}
Load = Callable[..., Policy]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load the small policy above with one file changed."""

    def loaded(name: str = "", old: str = "", new: str = "") -> Policy:
        for file, text in FILES.items():
            path = tmp_path / (OBJECTIVES if file == "objectives.yaml" else f"{FOLDER}/{file}")
            path.parent.mkdir(parents=True, exist_ok=True)
            assert file != name or old in text
            path.write_text(text.replace(old, new, 1) if file == name else text)
        return load_policy(tmp_path)

    return loaded


def test_a_sound_policy_is_read_whole(load: Load) -> None:
    made = load()
    assert [c.id for c in made.criteria] == ["X-01", "X-02"]
    assert [w.id for w in made.waivers] == ["W-001"]
    assert made.objectives is not None
    assert made.objectives["peak"].classes["ask"].p95_ms == 2000


WRONG = [
    ("criteria.toml", '"X-02"', '"X-01"', 24, "a second 'X-01'"),
    ("criteria.toml", 'area = "security"', 'area = "safety"', 8, "'area' cannot be 'safety'"),
    ("criteria.toml", 'severity = "high"', 'severity = "huge"', 26, "'severity' cannot be 'huge'"),
    ("criteria.toml", 'evidence = "tests"', 'evidence = "tset"', 18, "is called 'tset'"),
    ("criteria.toml", 'stage = "beta"', 'stage = "bata"', 19, "'stage' cannot be 'bata'"),
    ("criteria.toml", "max_age_days = 7", "max_age_days = 0", 21, "must be 1 to 366"),
    ("criteria.toml", "max_age_days = 7", f"max_age_days = {10**20}", 21, "must be 1 to 366"),
    ("criteria.toml", "waiver_days = 90", "waiver_days = 91", 3, "must be 1 to 90"),
    ("criteria.toml", "max_age_days = 7", 'max_age_days = "7"', 21, "must be a whole number"),
    ("criteria.toml", "options.cases", "options.kases", 39, "knows no option kases"),
    ("criteria.toml", 'options.cases = ["', 'options.cases = ["", "', 39, "'cases' must be a list"),
    (
        "evidence.toml",
        "title = {",
        "options.at_least = true\ntitle = {",
        6,
        "must be a whole number",
    ),
    ("evidence.toml", "title = {", 'options.covers = "a"\ntitle = {', 6, "'covers' must be a list"),
    ("evidence.toml", "title = {", "options.cases = []\ntitle = {", 6, "'cases' must be a list"),
    ("criteria.toml", "waivable = false", "waivable = 0", 13, "must be true or false"),
    ("criteria.toml", "waivable = false\n", "", 6, "'waivable' is missing"),
    ("criteria.toml", "owner = ", "onwer = ", 10, "unknown key 'onwer'"),
    ("criteria.toml", 'en = "It holds."\n', "", 14, "must say both en and fr"),
    ("criteria.toml", '"critical", ', "", 2, "critical must block"),
    ("criteria.toml", 'id = "X-01"', 'id = "X-01', 7, "Illegal character"),
    ("criteria.toml", 'owner = "security-lead"', 'owner = " "', 10, "is blank"),
    ("evidence.toml", '"junit"', '"junti"', 3, "there is no check 'junti'"),
    ("evidence.toml", 'run = ["pytest"]\n', "", 1, "either 'run' or 'elsewhere'"),
    ("evidence.toml", "title = {", 'after = ["x"]\ntitle = {', 6, "is called 'x'"),
    ("evidence.toml", "title = {", "options.x = 1\ntitle = {", 6, "knows no option x"),
    ("waivers.toml", '"X-02"', '"X-09"', 3, "there is no criterion 'X-09'"),
    ("waivers.toml", '"X-02"', '"X-01"', 3, "X-01 cannot be waived"),
    ("waivers.toml", "0123456789abcdef", "0123", 4, "that `explain` prints"),
    ("waivers.toml", 'approver = "b"', 'approver = "a"', 8, "neither the author nor the owner"),
    ("waivers.toml", 'approver = "b"', 'approver = " A"', 8, "neither the author nor the owner"),
    ("waivers.toml", 'approver = "b"', 'approver = "o"', 8, "neither the author nor the owner"),
    ("waivers.toml", "2026-07-01", "2026-07-31", 11, "within 90 days"),
    ("waivers.toml", "2026-07-01", "2026-05-01", 11, "within 90 days"),
    ("waivers.toml", 'reason = "Accepted for now."\n', "", 1, "'reason' is missing"),
    ("waivers.toml", "created = 2026-05-01", 'created = "2026-05-01"', 10, "must be a date"),
    ("objectives.yaml", "users: 500", "users: many", 1, "not a LoadProfile"),
    ("objectives.yaml", "metadata: {", "metadata: {{", 3, "not YAML"),
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong[-1])
def test_what_is_wrong_is_named_by_file_and_line(
    load: Load, wrong: tuple[str, str, str, int, str]
) -> None:
    file, old, new, line, said = wrong
    with pytest.raises(ConfigurationError) as caught:
        load(file, old, new)
    where, number, problem = str(caught.value).split(":", 2)
    assert where.endswith(file)
    assert (int(number), said in problem) == (line, True), str(caught.value)


def stored(folder: Path, text: str, name: str = "it") -> Path:
    place = folder / "evidence" / "local" / name
    place.mkdir(parents=True)
    (place / "record.json").write_text(text)
    (place / "report.bin").write_bytes(b"report")
    return folder / "evidence"


RECORD = written(material("it", b"report").record)


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    [material_read] = load_evidence(stored(tmp_path, RECORD), {"it"}).values()
    assert written(material_read.record) == RECORD
    assert material_read.report == b"report"


def test_a_report_that_was_changed_is_not_handed_out(tmp_path: Path) -> None:
    folder = stored(tmp_path, RECORD)
    (folder / "local" / "it" / "report.bin").write_bytes(b"another")
    [material_read] = load_evidence(folder, {"it"}).values()
    assert material_read.report is None


WRONG_RECORDS = [
    ('"commit"', '"comit"', "unknown key 'comit'"),
    ('"dirty": false', '"dirty": "no"', "must be true or false"),
    ('"environment": "local"', '"environment": "moon"', "cannot be 'moon'"),
    ('"environment": "local"', '"environment": "staging"', "not in the folder of its id"),
    ('"exit_code": 0', '"exit_code": null', "must be a whole number"),
    ('"expected": 2', '"expected": -1', "is negative"),
    ('"finished": "2026', '"finished": "2025', "finished before it started"),
    ('"finished": "', '"finished": "the ', "is not a time"),
    ("+00:00", "", "has no offset"),
    ('"report": "report.bin"', '"report": "../../secret"', "must lie beside its record"),
    ('"dirty": false', '"dirty": true, "dirty": false', "dirty is said twice"),
    ('"report": "report.bin"', '"report": ""', "has a report and its sha256"),
    ('"schema": "eva-evidence/1"', '"schema": "other"', "not eva-evidence/1"),
    ('"id": "it"', '"id": "other"', "is called 'other'"),
    ("{\n", "[\n", "not JSON"),
]


@pytest.mark.parametrize(("old", "new", "said"), WRONG_RECORDS)
def test_a_malformed_record_is_named_by_file_and_line(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = RECORD.replace(old, new, 1)
    assert text != RECORD
    with pytest.raises(ConfigurationError) as caught:
        load_evidence(stored(tmp_path, text), {"it"})
    found = re.fullmatch(r"evidence/local/it/record\.json:(\d+): (.*)", str(caught.value))
    assert found
    assert said in found[2]
    lines = text.splitlines()
    assert said == "not JSON" or new.strip('{\n"').split('"')[0] in lines[int(found[1]) - 1]


def test_every_record_of_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no \\[\\[evidence\\]\\] is called 'it'"):
        load_evidence(stored(tmp_path, RECORD), set())


def test_the_repository_s_own_policy_is_sound() -> None:
    made = load_policy(ROOT)
    demanded = {demand.evidence for c in made.criteria for demand in c.demands}
    assert demanded == set(made.sources)
