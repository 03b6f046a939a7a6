import json
import threading
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from eva_infra.cli import main
from eva_infra.cost import asking, prices
from eva_infra.cost.estimate import estimate, table
from eva_infra.cost.prices import Prices
from eva_infra.cost.quantities import HOURS
from eva_infra.settings import STACKS, settings_of
from tests.infra.variants import GraphOf

NOTHING = Prices(region="canadacentral", currency="CAD", as_of=None, meters={})
ONE = Prices(
    region="canadacentral",
    currency="CAD",
    as_of="2026-11-22",
    meters={"app-service.P1v3": 2.0, "private-endpoint": 1.0},
)


def test_quantities_come_from_the_graph(graph_of: GraphOf) -> None:
    rows = {row.meter: row for row in estimate(graph_of("prod"), NOTHING).rows}
    plan = rows["app-service.P1v3"]
    assert (plan.floor, plan.ceiling) == (3 * HOURS, 12 * HOURS)
    cosmos = rows["cosmos.autoscale-100-rus.zones"]
    most = (2 * 20_000 + 4 * 5_000) / 100 * 2 * HOURS
    assert cosmos.ceiling == most
    assert cosmos.floor == pytest.approx(most / 10)
    assert rows["private-endpoint"].floor == 9 * HOURS
    assert rows["redis.Balanced_B5"].floor == 2 * HOURS
    assert rows["blob.storage"].by_use


def test_container_apps_are_paid_by_the_second(graph_of: GraphOf) -> None:
    rows = {r.meter: r for r in estimate(graph_of("prod", hosting="containerapps"), NOTHING).rows}
    cpu = rows["container-apps.vcpu"]
    assert (cpu.floor, cpu.ceiling) == (8 * HOURS * 3600, 48 * HOURS * 3600)
    assert "app-service.P1v3" not in rows


@pytest.mark.parametrize("stack", STACKS)
def test_without_prices_nothing_is_summed_and_all_is_listed(graph_of: GraphOf, stack: str) -> None:
    found = estimate(graph_of(stack), NOTHING)
    assert (found.floor, found.ceiling) == (0, 0)
    assert set(found.unpriced) | set(found.by_use) == {row.meter for row in found.rows}
    assert "NO PRICES WERE EVER READ" in next(table(found))


def test_what_has_a_price_is_summed_and_the_rest_is_listed(graph_of: GraphOf) -> None:
    found = estimate(graph_of("prod"), ONE)
    assert found.floor == 3 * HOURS * 2 + 9 * HOURS
    assert found.ceiling == 12 * HOURS * 2 + 9 * HOURS
    assert "app-service.P1v3" not in found.unpriced
    assert "front-door.premium" in found.unpriced
    assert "prices of 2026-11-22" in next(table(found))


@pytest.mark.parametrize("stack", STACKS)
def test_the_price_file_is_dated_or_empty_and_the_budget_covers_it(
    graph_of: GraphOf, stack: str
) -> None:
    settings = settings_of(stack)
    known = prices.read(settings.location)
    assert known.as_of or not known.meters
    assert estimate(graph_of(stack), known).floor <= settings.monthly_budget


class _Shop(BaseHTTPRequestHandler):
    """Answers as the Retail Prices API does: one price, none, or two for a meter."""

    def do_GET(self) -> None:
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        wanted, currency = query["$filter"][0], query["currencyCode"][0]
        found = {"P1 v3": [0.25], "Private Zone": [0.5, 0.1]}
        offers = next((p for name, p in found.items() if f"'{name}'" in wanted), [])
        assert currency == "'CAD'"
        body = json.dumps({"Items": [{"retailPrice": price} for price in offers]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002, ARG002
        return


@pytest.fixture
def shop() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Shop) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/prices"
        server.shutdown()
        thread.join()


def test_prices_are_read_and_unclear_ones_are_not_guessed(shop: str, tmp_path: Path) -> None:
    given = ["prices", "prod", "--api", shop, "--out", str(tmp_path), "--json"]
    assert main(given) == 1  # some meters are unclear
    written = json.loads((tmp_path / "canadacentral.json").read_text())
    assert written["meters"] == {"app-service.P1v3": 0.25}
    assert written["as_of"] >= "2026-11-22"
    assert prices.read("canadacentral", tmp_path).meters == {"app-service.P1v3": 0.25}


def test_every_filter_is_of_a_meter_that_some_stack_uses(graph_of: GraphOf) -> None:
    used = {row.meter for stack in STACKS for row in estimate(graph_of(stack), NOTHING).rows}
    used |= {r.meter for r in estimate(graph_of("prod", hosting="containerapps"), NOTHING).rows}
    assert set(asking.FILTERS) <= used
