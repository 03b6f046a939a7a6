"""However what the gate reads is damaged: it is judged, or refused by file and line."""

import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.pipelines.small_repository import Repository, repository

WAIVER = b"""[[waiver]]
id = "W-1"
criterion = "X-01"
fingerprint = "0123456789abcdef"
reason = "For now."
owner = "ada"
author = "bob"
approver = "grace"
ticket = "T-1"
created = 2026-11-01
expires = 2026-12-01
"""
FILES = [
    *(f"pipelines/readiness/{name}.toml" for name in ("criteria", "evidence", "waivers")),
    "evidence/local/tests/record.json",
    "evidence/readiness/history.jsonl",
]
VALUES = [
    *("0", "-1", "true", "[]", "[1, 2]", "{}", '""', '"x"', "3.5", "99999999999999999999"),
    *("2026-01-01", "9999-99-99", "2026-01-01T00:00:00Z", '"2026-11-23T00:00:00"', '"\\u0000"'),
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    made = repository(tmp_path_factory.mktemp("whole"))
    made.write("pipelines/readiness/waivers.toml", WAIVER)
    made.save()
    made.record()
    assert made.gate("judge", "--stage", "beta").returncode == 0
    return made


@st.composite
def damage(draw: st.DrawFn) -> tuple[str, int, str, str]:
    kinds = ("drop", "double", "cut", "value", "key", "quote", "byte")
    return (
        draw(st.sampled_from(FILES)),
        draw(st.integers(0, 10_000)),
        draw(st.sampled_from(kinds)),
        draw(st.sampled_from(VALUES)),
    )


def damaged(content: bytes, place: int, kind: str, value: str) -> bytes:
    lines = content.splitlines(keepends=True)
    at = place % len(lines)
    line = lines[at]
    put = value.encode().replace(b"\\", rb"\\")
    changed = {
        "drop": [],
        "double": [line, line],
        "value": [re.sub(rb"([=:]\s*).*?(,?\n)", rb"\g<1>" + put + rb"\g<2>", line)],
        "key": [re.sub(rb'^(\s*"?)\w+', rb"\1options", line)],
        "quote": [line.replace(b'"', b"", 1)],
        "byte": [line[: place % len(line)] + b"\x9d" + line[place % len(line) + 1 :]],
    }
    if kind == "cut":
        return b"".join(lines[:at])
    return b"".join([*lines[:at], *changed[kind], *lines[at + 1 :]])


@settings(max_examples=80, deadline=None)
@given(damage())
@example(("pipelines/readiness/evidence.toml", 1, "value", '"x"'))  # another file names it
def test_whatever_is_damaged_is_judged_or_named_by_file_and_line(
    whole: Repository, how: tuple[str, int, str, str]
) -> None:
    name, place, kind, value = how
    path = whole.root / name
    was = path.read_bytes()
    path.write_bytes(damaged(was, place, kind, value))
    try:
        done = whole.gate("judge", "--stage", "beta")
    finally:
        path.write_bytes(was)
    assert done.returncode in {0, 1, 2}
    told = rf"{Path(name).name}:\d+: |\.toml:\d+: no .+ in {Path(name).name}$"
    assert (done.returncode == 2) == bool(re.search(told, done.stderr, re.MULTILINE))
