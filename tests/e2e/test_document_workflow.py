"""From an empty space through a sourced answer to clean-up."""

import httpx2
import pytest

from tests.e2e.steps import DAYS, LEAVE, ask, erased, new_space, ready, refused, settled, upload
from tests.e2e.target import Target


async def test_a_document_is_uploaded_asked_cited_checked_judged_and_removed(
    admin: httpx2.AsyncClient,
) -> None:
    space = await new_space(admin)
    document = await ready(admin, space, LEAVE)
    result = await ask(admin, space, DAYS)
    assert result["band"] == "answer"
    assert "twenty-five" in result["answer"]
    assert all(s["supported"] and s["citations"] for s in result["sentences"])
    query = f"/queries/{result['id']}"
    for citation in result["citations"]:
        assert citation["document_id"] == document
        checked = (await admin.get(f"{query}/citations/{citation['number']}/verify")).json()
        assert checked["matches"] is True
        assert checked["text"] == citation["quote"]
    judged = await admin.post(f"{query}/feedback", json={"rating": 1})
    assert judged.status_code in (200, 201, 204), judged.text
    original = await admin.get(f"/documents/{document}/content")
    assert original.text == LEAVE
    assert (await admin.delete(f"/documents/{document}")).status_code == 204
    refused(await admin.get(f"/documents/{document}"), 404, "not-found")
    receipt = await erased(admin, document)
    assert receipt["removed"]["passages"] >= 1
    assert set(receipt["remaining"].values()) == {0}
    assert (await ask(admin, space, DAYS))["band"] != "answer"


async def test_a_question_that_no_source_answers_is_refused_honestly(
    admin: httpx2.AsyncClient,
) -> None:
    space = await new_space(admin)
    await ready(admin, space, LEAVE)
    result = await ask(admin, space, "What is the melting point of tungsten?")
    assert result["band"] != "answer"
    assert result["citations"] == [] or result["band"] == "passages"


async def test_a_deleted_space_takes_its_documents_answers_and_quotations_along(
    admin: httpx2.AsyncClient,
) -> None:
    space, kept = await new_space(admin), await new_space(admin)
    await ready(admin, space, LEAVE)
    await ready(admin, kept, "The canteen opens at eleven thirty every working day.")
    asked = {"space_ids": [kept, space], "question": DAYS}
    both = (await admin.post("/queries", json=asked, headers={"Prefer": "wait=30"})).json()
    assert "twenty-five" in both["answer"]
    assert (await admin.delete(f"/spaces/{space}")).status_code == 204
    receipt = await erased(admin, space)
    assert set(receipt["remaining"].values()) == {0}
    after = await admin.get(f"/queries/{both['id']}/result")
    assert after.status_code == 200, after.text
    assert "twenty-five" not in after.text
    assert (await ask(admin, kept, "When does the canteen open?"))["band"] == "answer"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("blank.txt", b" \n\n ", "empty"),
        ("broken.pdf", b"%PDF-1.7\nnothing that follows is a document", "malformed"),
    ],
)
async def test_a_bad_file_ends_with_its_reason_and_harms_nothing_beside_it(
    admin: httpx2.AsyncClient, name: str, content: bytes, reason: str
) -> None:
    space = await new_space(admin)
    bad, good = await upload(admin, space, content, name), await ready(admin, space, LEAVE)
    found = await settled(admin, bad)
    assert (found["status"], found["reason"]) == ("failed", reason)
    assert (await settled(admin, good))["status"] == "ready"
    assert (await ask(admin, space, DAYS))["band"] == "answer"


async def test_a_program_is_not_taken_for_a_document(admin: httpx2.AsyncClient) -> None:
    space = await new_space(admin)
    sent = {"file": ("report.pdf", b"\x7fELF" + bytes(range(256)) * 8)}
    told = await admin.post(f"/spaces/{space}/documents", files=sent)
    refused(told, 415, "unsupported-type")
    assert (await admin.get(f"/spaces/{space}/documents")).json()["items"] == []


async def test_a_large_document_is_streamed_in_and_out_unchanged(
    admin: httpx2.AsyncClient, target: Target
) -> None:
    space = await new_space(admin)
    line = "Paragraph {:06d} of the register says nothing that matters to anyone at all.\n\n"
    lines = [line.format(n) for n in range(60_000)]
    lines[45_000] = "The vault of the register is opened by Madeleine Thibault on Mondays.\n\n"
    content = "".join(lines).encode()
    assert len(content) > 4_500_000
    document = await ready(admin, space, content, "register.txt")
    assert (await admin.get(f"/documents/{document}/content")).content == content
    middle = await admin.get(f"/documents/{document}/content", headers={"Range": "bytes=100-199"})
    assert (middle.status_code, middle.content) == (206, content[100:200])
    result = await ask(admin, space, "Who opens the vault of the register?")
    assert "Madeleine Thibault" in result["answer"]
    assert (await admin.get(f"{target.url}/livez")).status_code == 200
