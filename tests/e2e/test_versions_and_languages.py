"""Documents that change, and readers of two languages."""

import asyncio

import httpx2

from tests.e2e.steps import DAYS, LEAVE, ask, new_space, ready, refused, renew, settled


async def test_answers_rest_on_the_old_version_until_the_new_one_can_be_searched(
    admin: httpx2.AsyncClient,
) -> None:
    space = await new_space(admin)
    document = await ready(admin, space, LEAVE)
    old = await ask(admin, space, DAYS)
    number = await renew(admin, document, LEAVE.replace("twenty-five", "thirty"))
    assert number == 2
    while (await admin.get(f"/documents/{document}")).json()["status"] != "ready":
        answer = (await ask(admin, space, DAYS))["answer"]
        assert "twenty-five" in answer or "thirty" in answer, "never nothing in between"
    assert "thirty" in (await ask(admin, space, DAYS))["answer"]
    kept = (await admin.get(f"/queries/{old['id']}/result")).json()
    assert {citation["version"] for citation in kept["citations"]} == {1}
    check = await admin.get(f"/queries/{old['id']}/citations/1/verify")
    assert check.json()["matches"] is True


async def test_a_question_is_answered_in_its_own_language(admin: httpx2.AsyncClient) -> None:
    space = await new_space(admin)
    await ready(admin, space, LEAVE)
    french = "# Congés\n\nLes employés reçoivent vingt-cinq jours de vacances par année.\n"
    await ready(admin, space, french, "conges.md")
    asked = "Combien de jours de vacances les employés reçoivent-ils par année ?"
    answered = await ask(admin, space, asked)
    assert "vingt-cinq" in answered["answer"]
    assert "twenty-five" not in answered["answer"]
    assert "twenty-five" in (await ask(admin, space, DAYS))["answer"]


async def test_a_refusal_speaks_the_readers_language(admin: httpx2.AsyncClient) -> None:
    absent = "/spaces/spc_00000000000000000000000000"
    english = refused(await admin.get(absent), 404, "not-found")
    told = await admin.get(absent, headers={"Accept-Language": "fr-CA, en;q=0.5"})
    french = refused(told, 404, "not-found")
    assert told.headers["content-language"] == "fr"
    assert french["title"] != english["title"]


async def test_of_editors_at_the_same_moment_one_wins_and_the_others_are_told(
    admin: httpx2.AsyncClient,
) -> None:
    space = await new_space(admin)
    etag = (await admin.get(f"/spaces/{space}")).headers["etag"]
    refused(
        await admin.patch(f"/spaces/{space}", json={"name": "Blind"}), 428, "precondition-required"
    )
    told = await asyncio.gather(
        *(
            admin.patch(
                f"/spaces/{space}", json={"name": f"Editor {n}"}, headers={"If-Match": etag}
            )
            for n in range(8)
        )
    )
    assert sorted(one.status_code for one in told) == [200] + [412] * 7
    [winner] = [one for one in told if one.status_code == 200]
    assert (await admin.get(f"/spaces/{space}")).json()["name"] == winner.json()["name"]


async def test_a_request_that_is_sent_again_is_done_once(admin: httpx2.AsyncClient) -> None:
    space = await new_space(admin)
    headers = {"Idempotency-Key": f"e2e-{space}"}
    told = await asyncio.gather(
        *(admin.post("/spaces", json={"name": f"Once {space}"}, headers=headers) for _ in range(5))
    )
    made = {one.json()["id"] for one in told if one.status_code == 201}
    assert len(made) == 1
    assert {one.status_code for one in told} <= {201, 409}
    other = await admin.post("/spaces", json={"name": "Twice"}, headers=headers)
    refused(other, 422, "idempotency-mismatch")


async def test_a_document_is_read_again_on_request(admin: httpx2.AsyncClient) -> None:
    space = await new_space(admin)
    document = await ready(admin, space, LEAVE)
    again = await admin.post(f"/documents/{document}/reindex")
    assert again.status_code == 202, again.text
    assert (await settled(admin, document))["status"] == "ready"
    assert (await ask(admin, space, DAYS))["band"] == "answer"
