import csv
import io
from collections.abc import Sequence
from typing import Any

import pytest

from app.core import keys
from app.core.models import DEFAULT_TENANT, Scope
from app.settings import Settings, SettingsError
from tests import clock
from tests.app.web.house import API, House, new_space, problem
from tests.app.web.limited import Open, statuses

EVER = {"first_day": "2026-01-01", "last_day": "2999-12-31"}


async def charged(
    house: House, department: str, tenant: str = DEFAULT_TENANT, spaces: Sequence[str] = ()
) -> Any:
    """Return a client whose key names a department."""
    wanted = keys.NewKey(
        name="t",
        scopes=(Scope.ADMIN_ALL,),
        department=department,
        space_ids=tuple(spaces) or None,
    )
    issued = await keys.issue(house.services.ports, tenant, "test", wanted)
    return await house.anybody({"X-API-Key": issued.token})


async def test_use_is_told_in_all_by_department_and_by_line(idle: House) -> None:
    client = await charged(idle, "Finance")
    space = await new_space(client)
    asked = {"space_ids": [space], "question": "Why?"}
    assert (await client.post(f"{API}/queries", json=asked)).status_code == 202
    told = (await client.get(f"{API}/usage", params=EVER)).json()
    assert told["total"] == {
        "requests": 3,
        "questions": 1,
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "money": 0.0,
    }
    assert [(one["department"], one["requests"]) for one in told["departments"]] == [("Finance", 3)]
    assert [(one["space_id"], one["questions"]) for one in told["lines"]] == [("", 0), (space, 1)]


async def test_a_space_names_who_is_charged_where_the_key_does_not(idle: House) -> None:
    client = await idle.client()
    made = await client.post(f"{API}/spaces", json={"name": "s", "tags": ["x", "department:Legal"]})
    space = made.json()["id"]
    for who in (client, await charged(idle, "Finance")):
        await who.post(f"{API}/queries", json={"space_ids": [space], "question": "Why?"})
    told = (await client.get(f"{API}/usage", params=EVER)).json()
    found = {one["department"]: one["questions"] for one in told["departments"]}
    assert found == {"": 0, "Finance": 1, "Legal": 1}


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@x", "\tx", "\rx", 'a,"b"\nc'])
async def test_chargeback_is_a_table_that_no_spreadsheet_runs(idle: House, name: str) -> None:
    client = await charged(idle, name)
    await client.get(f"{API}/spaces")
    told = await client.get(f"{API}/usage", params=EVER, headers={"Accept": "text/csv"})
    assert told.headers["content-type"] == "text/csv; charset=utf-8"
    [head, row] = csv.reader(io.StringIO(told.content.decode(), newline=""))
    assert head[0] == "department"
    assert row[0] == (name if name[0] == "a" else f"'{name}")
    assert dict(zip(head, row, strict=True))["requests"] == "2"
    assert dict(zip(head, row, strict=True))["money"] == "0.000000"


async def test_a_tenant_sees_its_own_use_only(idle: House) -> None:
    ours, theirs = await charged(idle, "A"), await charged(idle, "B", "ten_other")
    for who, name in ((ours, "A"), (theirs, "B")):
        told = (await who.get(f"{API}/usage", params=EVER)).json()
        assert [one["department"] for one in told["departments"]] == [name]


async def test_a_key_kept_to_a_space_does_not_see_what_others_used(idle: House) -> None:
    space = await new_space(await idle.client())
    kept = await charged(idle, "", spaces=[space])
    problem(await kept.get(f"{API}/usage", params=EVER), 403, "insufficient-scope")


async def test_without_days_the_month_until_today_is_told(idle: House) -> None:
    client = await idle.client()
    told = (await client.get(f"{API}/usage")).json()
    assert told["first_day"] == told["last_day"][:7] + "-01"
    assert told["total"]["requests"] == 1


@pytest.mark.parametrize(
    "day", ["2026-02-30", "2026-13-01", "yesterday", "20261122", "", "2026-1-1"]
)
async def test_what_is_no_day_is_refused(idle: House, day: str) -> None:
    client = await idle.client()
    refused = await client.get(f"{API}/usage", params={"first_day": day})
    body = problem(refused, 422, "invalid-input")
    assert [one["pointer"] for one in body["errors"]] == ["query:first_day"]


async def test_a_form_that_is_not_offered_is_not_acceptable(idle: House) -> None:
    client = await idle.client()
    refused = await client.get(f"{API}/usage", headers={"Accept": "application/pdf"})
    problem(refused, 406, "not-acceptable")


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "2 requests a day for this tenant"), ("fr", "2 requêtes par jour pour ce locataire")],
)
async def test_an_exceeded_budget_is_a_problem_until_its_period_ends(
    open_house: Open, language: str, said: str
) -> None:
    clock.wait_for_room(clock.DAY)
    async with open_house(EVA_BUDGETS=f"{DEFAULT_TENANT}:requests/day=2") as house:
        client = await house.client()
        assert await statuses(client, f"{API}/spaces", 2) == [200, 200]
        refused = await client.get(f"{API}/spaces", headers={"Accept-Language": language})
        body = problem(refused, 429, "budget-exceeded")
        assert said in body["detail"]
        assert 1 <= int(refused.headers["retry-after"]) <= 86400
        stranger = await house.client("ten_other")
        assert await statuses(stranger, f"{API}/spaces", 3) == [200] * 3


async def test_a_question_beyond_the_budget_is_not_asked(open_house: Open) -> None:
    env = {"EVA_BUDGETS": f"{DEFAULT_TENANT}:money/month=1", "EVA_QUESTION_PRICE": "0.5"}
    clock.wait_for_room(clock.DAY)
    async with open_house(**env) as house:
        client = await house.client()
        space = await new_space(client)
        asked = {"space_ids": [space], "question": "Why?"}
        found = [(await client.post(f"{API}/queries", json=asked)).status_code for _ in range(3)]
        assert found == [202, 202, 429]


def test_a_budget_that_is_none_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="EVA_BUDGETS"):
        Settings.load({"EVA_BUDGETS": "ten_default:requests=5"})
