from app.core.places import Places
from tests.app.web.house import API, QUESTION, House, new_space, problem
from tests.app.web.test_queries import ended


async def test_one_question_too_many_is_turned_away_and_told_when_to_come_back(
    house: House,
) -> None:
    full = house.with_services(answers=Places(1))
    client = await full.client()
    asked = {"space_id": await new_space(client), "question": QUESTION}
    with full.services.answers.one():
        for headers in ({}, {"Prefer": "wait=60"}, {"Accept": "text/event-stream"}):
            told = await client.post(f"{API}/queries", json=asked, headers=headers)
            problem(told, 503, "overloaded")
            assert 1 <= int(told.headers["retry-after"]) <= 4
    listed = await client.get(f"{API}/queries", params={"space_id": asked["space_id"]})
    assert listed.json()["items"] == []
    for headers, status in (({}, 202), ({"Prefer": "wait=60"}, 200)):
        told = await client.post(f"{API}/queries", json=asked, headers=headers)
        assert told.status_code == status
        await ended(client, told.json()["id"])  # a place is given back when its question ends
