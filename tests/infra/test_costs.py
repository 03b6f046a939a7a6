import json
import threading
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from eva_infra.cli import main
from eva_infra.cli.ending import FAILED
from eva_infra.cost import asking, prices
from eva_infra.cost.estimate import estimate, table
from eva_infra.cost.prices import Prices
from eva_infra.cost.quantities import HOURS
from eva_infra.settings import STACKS, settings_of
from tests.infra.variants import VARIANTS, GraphOf

NOTHING = Prices(region="canadacentral", currency="CAD", as_of=None, source=None, meters={})
ONE = Prices(
    region="canadacentral",
    currency="CAD",
    as_of="2026-11-22",
    source="https://prices.example",
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
    assert "prices of 2026-11-22 from https://prices.example" in next(table(found))


def test_what_has_no_price_is_told_with_the_command_that_reads_prices(graph_of: GraphOf) -> None:
    said = "\n".join(table(estimate(graph_of("prod"), NOTHING)))
    assert "make infra-prices STACK=prod" in said
    assert asking.API in said


@pytest.mark.parametrize("stack", STACKS)
def test_the_price_file_is_dated_or_empty_and_the_budget_covers_it(
    graph_of: GraphOf, stack: str
) -> None:
    settings = settings_of(stack)
    known = prices.read(settings.location)
    assert known.as_of or not known.meters
    assert estimate(graph_of(stack), known).floor <= settings.monthly_budget


# An answer of the Retail Prices API, as its documentation shows one.
ITEM = {
    "currencyCode": "CAD", "tierMinimumUnits": 0.0, "retailPrice": 0.25, "unitPrice": 0.25,
    "armRegionName": "canadacentral", "location": "CA Central",
    "effectiveStartDate": "2026-01-01T00:00:00Z",
    "meterId": "00000000-0000-4000-8000-000000000007", "meterName": "P1 v3 App",
    "productId": "DZH318Z0BQ35", "skuId": "DZH318Z0BQ35/00G1",
    "productName": "Azure App Service Premium v3 Plan - Linux", "skuName": "P1 v3",
    "serviceName": "Azure App Service", "serviceId": "DZH318Z0BPCQ", "serviceFamily": "Compute",
    "unitOfMeasure": "1 Hour", "type": "Consumption", "isPrimaryMeterRegion": True,
    "armSkuName": "P1 v3",
}  # fmt: skip
OFFERS: dict[str, list[dict[str, object]]] = {
    "'P1 v3'": [{}, {"retailPrice": 0.0, "tierMinimumUnits": 0.0}],
    "'Private Zone'": [{"retailPrice": 0.5}, {"retailPrice": 0.1}],
    "'100 RUs'": [{"unitOfMeasure": "1/Month"}],
    "'B0'": [{"currencyCode": "USD"}],
    "'Premium Base Fees'": [{"unitOfMeasure": "1/Month", "retailPrice": 400}],
}


class _Shop(BaseHTTPRequestHandler):
    """Answers as the Retail Prices API does, one item on a page."""

    def do_GET(self) -> None:
        place = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(place.query)
        wanted, [currency] = query["$filter"][0], query["currencyCode"]
        assert currency == "'CAD'"
        assert wanted.endswith(" and priceType eq 'Consumption'")
        offers = next((found for name, found in OFFERS.items() if name in wanted), [])
        at = int(query.get("$skip", ["0"])[0])
        next_page = f"http://{self.headers['Host']}{self.path}&$skip={at + 1}"
        told = {
            "BillingCurrency": "CAD", "CustomerEntityId": "Default", "CustomerEntityType": "Retail",
            "Items": [ITEM | offer for offer in offers[at : at + 1]],
            "NextPageLink": next_page if at + 1 < len(offers) else None,
            "Count": len(offers[at : at + 1]),
        }  # fmt: skip
        body = json.dumps(told).encode()
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


def test_prices_are_read_page_by_page_and_unclear_ones_are_not_guessed(
    shop: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["prices", "prod", "--api", shop, "--out", str(tmp_path)]) == 1
    written = json.loads((tmp_path / "canadacentral.json").read_text())
    assert written["meters"] == {"app-service.P1v3": 0.25, "front-door.premium": 400.0}
    assert written["as_of"] >= "2026-11-22"
    assert written["source"] == shop
    assert prices.read("canadacentral", tmp_path).meters == written["meters"]
    told = capsys.readouterr().out
    assert "no price of private-dns-zone: 2 prices, not 1" in told
    assert "no price of cosmos.autoscale-100-rus: a price for '1/Month', not for '1 hour'" in told
    assert "no price of redis.Balanced_B0: a price in USD, not in CAD" in told
    assert "no price of app-service.P0v3: 0 prices, not 1" in told


def test_a_place_without_prices_is_a_failure_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nobody = "http://127.0.0.1:9/prices"
    assert main(["prices", "prod", "--api", nobody, "--out", str(tmp_path)]) == FAILED
    assert "no prices from 127.0.0.1:9: " in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_what_is_asked_is_told_without_asking(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "prod", "--questions", "--json"]) == 0
    asked = json.loads(capsys.readouterr().out)
    place = urllib.parse.urlsplit(asked["app-service.P1v3"])
    assert f"{place.scheme}://{place.netloc}{place.path}" == asking.API
    [wanted] = urllib.parse.parse_qs(place.query)["$filter"]
    assert wanted == (
        "productName eq 'Azure App Service Premium v3 Plan - Linux' and skuName eq 'P1 v3'"
        " and armRegionName eq 'canadacentral' and priceType eq 'Consumption'"
    )


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=list(VARIANTS))
def test_everything_that_is_paid_for_certain_has_a_question(
    graph_of: GraphOf, variant: tuple[str, dict[str, str]]
) -> None:
    stack, replaced = variant
    rows = estimate(graph_of(stack, **replaced), NOTHING).rows
    units = {row.meter: row.unit for row in rows if not row.by_use}
    asked = dict(asking.questions(units, "canadacentral", "CAD"))
    assert set(asked) == set(units)
    assert {unit.rpartition("-")[2] for unit in units.values()} <= set(asking.UNITS)
