"""By which name, transport and web page the service may be asked."""

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx2
import pytest

from app.settings import Settings, SettingsError
from tests.app.cli.serving import Served, serving
from tests.app.web.house import API, problem
from tests.app.web.limited import Open, wire

PAGE = "https://portal.example.ca"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service behind a proxy on this machine that ends TLS."""
    settings = {
        "EVA_ALLOWED_HOSTS": "api.example.ca,*.inside.example.ca",
        "EVA_REQUIRE_HTTPS": "true",
        "EVA_TRUSTED_PROXIES": "127.0.0.1",
        "EVA_ALLOWED_ORIGINS": PAGE,
        "EVA_WORKER": "off",
    }
    with serving(tmp_path_factory.mktemp("entrance"), **settings) as found:
        yield found


@pytest.fixture
def proxy(served: Served) -> Iterator[httpx2.Client]:
    headers = {"Host": "api.example.ca", "X-Forwarded-Proto": "https"}
    with httpx2.Client(base_url=served.url, headers=headers) as client:
        yield client


def test_only_the_names_of_the_service_are_answered(proxy: httpx2.Client) -> None:
    for host in ("api.example.ca", "API.example.ca:443", "a.inside.example.ca"):
        assert proxy.get("/openapi.json", headers={"Host": host}).status_code == 200, host
    for host in ("evil.example", "inside.example.ca", "api.example.ca.evil.example", ""):
        problem(proxy.get("/openapi.json", headers={"Host": host}), 421, "wrong-host")
    platform = {"Host": "10.0.0.7", "X-Forwarded-Proto": "http"}
    for path in ("/livez", "/readyz", "/health", "/health/ready"):
        assert proxy.get(path, headers=platform).status_code == 200, path


def test_two_host_headers_are_no_name(served: Served) -> None:
    place = urlsplit(served.url)
    assert place.port
    with socket.create_connection(("127.0.0.1", place.port), timeout=30) as line:
        line.sendall(
            b"GET /openapi.json HTTP/1.1\r\nhost: api.example.ca\r\nhost: evil.example\r\n"
            b"x-forwarded-proto: https\r\nconnection: close\r\n\r\n"
        )
        came = b""
        while more := line.recv(65536):
            came += more
    assert b'"code":"wrong-host"' in came or came.startswith(b"HTTP/1.1 400 ")


def test_https_is_a_must_and_browsers_are_told_so(proxy: httpx2.Client) -> None:
    answer = proxy.get("/openapi.json")
    told = answer.headers["strict-transport-security"]
    assert told == "max-age=31536000; includeSubDomains"
    for said in ({"X-Forwarded-Proto": "http"}, {"X-Forwarded-Proto": "https, http"}):
        plain = proxy.post(f"{API}/spaces", json={"name": "x"}, headers=said)
        assert "strict-transport-security" not in plain.headers
        problem(plain, 403, "https-required")


def test_a_plain_read_is_redirected_unless_it_carries_a_credential(proxy: httpx2.Client) -> None:
    plain = {"X-Forwarded-Proto": "http"}
    sent = proxy.get("/problems/not-found?a=b%20c", headers=plain)
    assert (sent.status_code, sent.headers["location"]) == (
        308,
        "https://api.example.ca/problems/not-found?a=b%20c",
    )
    for carrying in ({"X-API-Key": "eva_x"}, {"Authorization": "Bearer x"}, {"Cookie": "a=b"}):
        refused = proxy.get(f"{API}/spaces", headers={**plain, **carrying})
        problem(refused, 403, "https-required")
    assert proxy.get("/livez", headers=plain).status_code == 200


async def test_only_a_trusted_proxy_tells_the_scheme(open_house: Open) -> None:
    env = {"EVA_REQUIRE_HTTPS": "true", "EVA_TRUSTED_PROXIES": "10.0.0.0/8"}
    async with open_house(**env) as house:
        found = {}
        said = [(b"host", b"eva"), (b"x-forwarded-proto", b"https")]
        for client in ("10.1.2.3", "203.0.113.9"):
            asked = wire("/openapi.json", client=client, headers=said)
            await house.asgi(asked.scope, asked.receive, asked.send)
            found[client] = asked.status
        direct = wire("/openapi.json", client="203.0.113.9", scheme="https")
        await house.asgi(direct.scope, direct.receive, direct.send)
    assert found == {"10.1.2.3": 200, "203.0.113.9": 403}
    assert direct.status == 200


async def test_without_known_names_a_plain_read_is_refused_not_redirected(
    open_house: Open,
) -> None:
    async with open_house(EVA_REQUIRE_HTTPS="true") as house:
        refused = await (await house.anybody()).get("/openapi.json", headers={"Host": "evil"})
        problem(refused, 403, "https-required")
        french = await (await house.anybody()).get(
            "/openapi.json", headers={"Accept-Language": "fr"}
        )
        assert french.json()["title"] == "HTTPS obligatoire"


@pytest.mark.parametrize("kind", ["hosts", "https"])
async def test_a_websocket_passes_the_same_entrance(open_house: Open, kind: str) -> None:
    env = {"EVA_ALLOWED_HOSTS": "api"} if kind == "hosts" else {"EVA_REQUIRE_HTTPS": "true"}
    async with open_house(**env) as house:
        asked = wire("/x", "websocket", scheme="ws")
        await house.asgi(asked.scope, asked.receive, asked.send)
    [told] = asked.sent
    code = "wrong-host" if kind == "hosts" else "https-required"
    assert (told["type"], told["code"], told["reason"]) == ("websocket.close", 1008, code)


def test_a_listed_page_may_ask_and_read(proxy: httpx2.Client) -> None:
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "PATCH"}
    told = proxy.options(f"{API}/spaces/x", headers=asked)
    assert told.status_code == 204
    assert told.headers["access-control-allow-origin"] == PAGE
    assert "PATCH" in told.headers["access-control-allow-methods"]
    assert "X-API-Key" in told.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in told.headers
    refused = proxy.get(f"{API}/spaces", headers={"Origin": PAGE})
    problem(refused, 401, "unauthenticated")
    assert refused.headers["access-control-allow-origin"] == PAGE
    assert "ETag" in refused.headers["access-control-expose-headers"]
    assert "Origin" in refused.headers.get_list("vary")[-1]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"{PAGE}.evil.example", "*"])
def test_no_other_page_is_told_anything(proxy: httpx2.Client, origin: str) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    told = proxy.options(f"{API}/spaces", headers=asked)
    problem(told, 405, "method-not-allowed")
    read = proxy.get("/openapi.json", headers={"Origin": origin})
    for answer in (told, read):
        assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_no_page_may_ask_if_none_is_listed(open_house: Open) -> None:
    async with open_house() as house:
        answer = await (await house.anybody()).get("/openapi.json", headers={"Origin": PAGE})
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EVA_ALLOWED_ORIGINS", "*"),
        ("EVA_ALLOWED_ORIGINS", "null"),
        ("EVA_ALLOWED_ORIGINS", "https://*.example.ca"),
        ("EVA_ALLOWED_ORIGINS", "https://example.ca/path"),
        ("EVA_ALLOWED_HOSTS", "*"),
        ("EVA_ALLOWED_HOSTS", "https://example.ca"),
    ],
)
def test_a_rule_that_lets_everybody_in_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.load({name: value})
