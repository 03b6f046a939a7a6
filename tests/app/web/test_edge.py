import re

import pytest

from app.core import tracing
from app.core.models import JobKind
from tests.app.web.house import API, House, new_space

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def test_a_request_id_comes_back(house: House) -> None:
    anybody = await house.anybody()
    told = await anybody.get("/livez", headers={"X-Request-Id": "my.id-1_2"})
    assert told.headers["x-request-id"] == "my.id-1_2"


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "é", "a;b", "<x>"])
async def test_an_ill_formed_request_id_is_replaced(house: House, given: str) -> None:
    anybody = await house.anybody()
    told = await anybody.get("/livez", headers=[(b"X-Request-Id", given.encode())])
    assert re.fullmatch(r"req_[0-9a-f]{24}", told.headers["x-request-id"])


async def test_every_answer_has_the_security_headers_and_no_banner(house: House) -> None:
    anybody = await house.anybody()
    for path in ("/livez", "/nowhere", f"{API}/spaces", "/openapi.json"):
        headers = (await anybody.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["content-security-policy"].split("; ") == [
            *("default-src 'none'", "base-uri 'none'"),
            *("form-action 'none'", "frame-ancestors 'none'"),
        ]
        assert "server" not in headers


async def test_the_pages_that_load_scripts_from_elsewhere_are_off(house: House) -> None:
    anybody = await house.anybody()
    for path in ("/docs", "/redoc"):
        assert (await anybody.get(path)).status_code == 404


async def test_a_trace_context_is_given_back_and_carried_by_the_jobs(idle: House) -> None:
    client = await idle.client()
    space = await new_space(client)
    told = await client.delete(f"{API}/spaces/{space}", headers={"traceparent": TRACE})
    assert told.headers["traceparent"] == TRACE
    jobs = idle.services.ports.jobs
    lease = await jobs.claim([JobKind.ERASE_SPACE], worker="test", lease_s=30)
    assert lease is not None
    assert lease.job.traceparent == TRACE


@pytest.mark.parametrize("given", ["", "00-0-0-01", TRACE.upper(), f"{TRACE}-x", TRACE[:-1]])
def test_an_ill_formed_trace_context_is_dropped(given: str) -> None:
    assert tracing.valid(given) is None
    assert tracing.valid(TRACE) == TRACE


async def test_a_trace_context_does_not_leak_into_the_next_request(house: House) -> None:
    anybody = await house.anybody()
    await anybody.get("/livez", headers={"traceparent": TRACE})
    assert "traceparent" not in (await anybody.get("/livez")).headers
    assert tracing.current.get() is None


async def test_request_ids_that_we_make_are_never_the_same(house: House) -> None:
    client = await house.anybody()
    ids = {(await client.get("/livez")).headers["x-request-id"] for _ in range(600)}
    assert len(ids) == 600
