"""The command line against a running service: what a person does on a first afternoon."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.cli.running import Eva
from tests.app.cli.serving import Served, serving, working

LEAVE = (
    "Paid leave\n\nStaff get twenty-five days of paid leave a year. "
    "Leave must be requested two weeks before it begins.\n"
)
CONGES = "Congés payés\n\nLe personnel dispose de vingt-cinq jours de congés payés par année.\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.fixture
def mine(served: Served, tmp_path: Path) -> Eva:
    """The command line with the administrator's key."""
    return served.client(tmp_path)


@pytest.fixture
def handbook(mine: Eva) -> str:
    """A space of its own with two documents, ready to be asked."""
    space: str = mine("spaces", "create", "Handbook", "--json").data["id"]
    folder = mine.folder / "files"
    folder.mkdir()
    (folder / "leave.txt").write_text(LEAVE)
    (folder / "congés.txt").write_text(CONGES)
    uploaded = mine("documents", "upload", str(folder), "--space", space, "--json")
    assert uploaded.code == 0, uploaded.err
    assert [one["status"] for one in uploaded.data] == ["ready", "ready"]
    return space


def test_an_answer_cites_its_source(mine: Eva, handbook: str) -> None:
    ran = mine("ask", "How many days of paid leave do staff get?", "--space", handbook)
    assert ran.code == 0, ran.err
    first, *_ = ran.out.splitlines()
    assert first == "Staff get twenty-five days of paid leave a year. [1]"
    assert "[1] leave.txt" in ran.out
    assert "“Staff get twenty-five days of paid leave a year.”" in ran.out


def test_a_french_question_gets_a_french_answer(mine: Eva, handbook: str) -> None:
    ran = mine("ask", "Combien de jours de congés payés par année ?", "--space", handbook)
    assert "vingt-cinq jours de congés payés" in ran.out.splitlines()[0]
    assert "[1] congés.txt" in ran.out


def test_what_the_sources_do_not_hold_is_refused_honestly(mine: Eva, handbook: str) -> None:
    ran = mine("ask", "Who won the hockey final?", "--space", handbook)
    assert (ran.code, ran.out.splitlines()[0]) == (0, "The sources do not say.")
    assert "[1]" not in ran.out


def test_a_streamed_answer_is_the_same_answer(mine: Eva, handbook: str) -> None:
    asked = ("ask", "How many days of paid leave do staff get?", "--space", handbook)
    whole, streamed = mine(*asked).out, mine(*asked, "--stream").out
    assert whole.splitlines()[:-1] == streamed.splitlines()[:-1]
    events = [json.loads(line) for line in mine(*asked, "--stream", "--json").out.splitlines()]
    assert [events[0]["event"], events[-1]["event"]] == ["status", "done"]


def test_an_answer_as_json_is_the_whole_result(mine: Eva, handbook: str) -> None:
    result = mine("ask", "How many days of leave?", "--space", handbook, "--json").data
    assert result["status"] == "completed"
    assert {"answer", "band", "coverage", "citations", "sentences"} <= set(result)


def test_a_space_is_found_by_its_name(mine: Eva) -> None:
    made = mine("spaces", "create", "Only one", "--tag", "x", "--meta", "a=b", "--json").data
    shown = mine("spaces", "show", "Only one", "--json").data
    assert (shown["id"], shown["tags"], shown["metadata"]) == (made["id"], ["x"], {"a": "b"})
    missing = mine("spaces", "show", "Nowhere")
    assert (missing.code, missing.out) == (1, "")
    assert "none is named 'Nowhere'" in missing.err


def test_a_name_that_two_spaces_have_is_not_guessed(mine: Eva) -> None:
    ids = [mine("spaces", "create", "Twins", "--json").data["id"] for _ in range(2)]
    ran = mine("ask", "Which?", "--space", "Twins")
    assert ran.code == 1
    assert "2 are named 'Twins'" in ran.err
    assert all(id_ in ran.err for id_ in ids)


def test_a_refusal_shows_code_and_request_id(mine: Eva) -> None:
    ran = mine("documents", "show", "doc_" + "0" * 26)
    assert (ran.code, ran.out) == (1, "")
    assert "(not-found, request " in ran.err


def test_files_that_are_no_documents_are_skipped_with_the_reason(mine: Eva) -> None:
    space = mine("spaces", "create", "Mixed", "--json").data["id"]
    folder = mine.folder / "mixed"
    folder.mkdir()
    (folder / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (folder / "empty.txt").write_bytes(b"")
    (folder / "note.md").write_text("# A note\n\nThe gate closes at six.\n")
    ran = mine("documents", "upload", str(folder), "--space", space, "--json")
    assert ran.code == 0, ran.err
    found = {Path(one["file"]).name: (one["status"], one["reason"]) for one in ran.data}
    assert found["note.md"] == ("ready", None)
    assert found["photo.png"][0] == found["empty.txt"][0] == "skipped"
    assert found["photo.png"][1].startswith("unsupported-type: ")
    assert "uploading 3/3: photo.png" in ran.err
    named = mine("documents", "upload", str(folder / "photo.png"), "--space", space)
    assert named.code == 1


def test_a_document_is_listed_read_given_a_new_version_and_deleted(
    mine: Eva, handbook: str
) -> None:
    listed = mine("documents", "list", "--space", handbook, "--json").data
    [leave] = [one["id"] for one in listed if one["title"] == "leave.txt"]
    assert "twenty-five days" in mine("documents", "text", leave).out
    changed = mine.folder / "leave.txt"
    changed.write_text(LEAVE.replace("twenty-five", "thirty"))
    assert mine("documents", "upload", str(changed), "--document", leave).code == 0
    versions = mine("documents", "versions", leave, "--json").data
    assert [one["number"] for one in versions] == [1, 2]
    assert "thirty days" in mine("ask", "How many days of paid leave?", "--space", handbook).out
    receipt = mine("documents", "delete", leave, "--yes", "--json").data
    assert receipt["completed_at"]
    assert set(receipt["remaining"].values()) == {0}
    assert mine("documents", "show", leave).code == 1


def test_deleting_asks_first(mine: Eva) -> None:
    space = mine("spaces", "create", "Precious", "--json").data["id"]
    ran = mine("spaces", "delete", space)
    assert ran.code == 1
    assert "and every document in it?" in ran.err
    assert mine("spaces", "show", space).code == 0
    assert mine("spaces", "delete", space, "--yes").code == 0
    assert mine("spaces", "show", space).code == 1


def test_a_key_does_what_its_scopes_say_until_it_is_revoked(mine: Eva, served: Served) -> None:
    made = mine("keys", "create", "reader", "--scope", "spaces:read", "--expires", "1h", "--json")
    key = made.data
    reader = served.client(mine.folder, key["token"])
    assert reader("spaces", "list").code == 0
    refused = reader("spaces", "create", "Mine")
    assert refused.code == 1
    assert "insufficient-scope" in refused.err
    rotated = mine("keys", "rotate", key["id"], "--overlap", "0", "--json").data
    assert (rotated["id"], rotated["token"] != key["token"]) == (key["id"], True)
    assert "unauthenticated" in reader("spaces", "list").err
    again = served.client(mine.folder, rotated["token"])
    assert again("spaces", "list").code == 0
    assert mine("keys", "revoke", key["id"]).code == 0
    assert "unauthenticated" in again("spaces", "list").err
    [listed] = [one for one in mine("keys", "list", "--json").data if one["id"] == key["id"]]
    assert listed["revoked_at"]


def test_an_auditor_exports_the_trail_line_by_line(mine: Eva) -> None:
    mine("spaces", "create", "Audited")
    for form, field in (("ocsf", "class_uid"), ("json", "seq")):
        ran = mine("audit", "export", "--format", form)
        assert ran.code == 0, ran.err
        assert all(field in json.loads(line) for line in ran.out.splitlines())
        assert len(ran.out.splitlines()) > 0
    assert mine("audit", "export", "--format", "xml").code == 2


def test_the_doctor_finds_nothing_to_mend(mine: Eva) -> None:
    ran = mine("doctor")
    assert ran.code == 0, ran.out
    assert ran.out.startswith("Nothing to mend.\n")
    assert "accepted" in ran.out


def test_the_doctor_tells_of_a_key_that_is_refused(mine: Eva) -> None:
    ran = mine("doctor", EVA_API_KEY="eva_wrong_key")
    assert ran.code == 1
    assert "set EVA_API_KEY to a valid key" in ran.out


def test_the_demo_answers_with_checked_citations_and_cleans_up(mine: Eva) -> None:
    before = len(mine("spaces", "list", "--json").data)
    ran = mine("demo", "--json")
    assert ran.code == 0, ran.out + ran.err
    assert [one["band"] == "answer" for one in ran.data] == [True, True, False]
    assert all(all(one["verified"]) for one in ran.data)
    assert sum(len(one["verified"]) for one in ran.data) >= 2
    assert len(mine("spaces", "list", "--json").data) == before
    assert " left." in ran.err


def test_the_demo_brings_its_own_server_and_key(eva: Eva) -> None:
    ran = eva("demo")
    assert ran.code == 0, ran.out + ran.err
    assert "started a server for the duration" in ran.err
    assert "administrator key of the new data folder" in ran.err
    assert ran.out.count("the quote stands in the stored source") >= 2
    assert "0 left." in ran.out


def test_the_worker_can_be_a_process_of_its_own(tmp_path: Path) -> None:
    with serving(tmp_path, EVA_WORKER="off") as served:
        mine = served.client(tmp_path)
        space = mine("spaces", "create", "Apart", "--json").data["id"]
        (tmp_path / "a.txt").write_text(LEAVE)
        upload = ("documents", "upload", str(tmp_path / "a.txt"), "--space", space, "--json")
        assert mine(*upload, "--no-wait").data[0]["status"] == "pending"
        with working(tmp_path):
            assert mine(*upload).data[0]["status"] == "ready"


def test_an_answer_that_takes_longer_than_the_server_waits_is_polled_for(tmp_path: Path) -> None:
    with serving(tmp_path, EVA_MAX_WAIT_S="0") as served:
        mine = served.client(tmp_path)
        mine("spaces", "create", "Patience")
        ran = mine("ask", "Who won?")
    assert (ran.code, ran.out.splitlines()[0]) == (0, "The sources do not say.")


def test_the_openapi_document_is_printed(eva: Eva) -> None:
    document = eva("openapi").data
    assert document["openapi"].startswith("3.1")
    assert "/api/v1/spaces" in document["paths"]
