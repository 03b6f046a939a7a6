"""Every alert has its runbook and the reverse; each page says who owns it and what to do."""

import datetime as dt
import functools
from collections import Counter

import pytest
import yaml

from tests.runbooks.pages import ALERTS, PAGES, PROCEDURES, ROOT, Page

SECTIONS = ["Meaning", "Impact", "Diagnosis", "Mitigation", "Verification", "Escalation"]
NEEDED = {
    *("deploy", "rollback", "restore", "region-failover", "secret-rotation"),
    *("incident-response", "post-incident-review", "on-call-handover", "data-breach"),
    "load-shedding",
}
FITS_MINUTES = 120  # lines: what somebody reads at night


def named(page: Page) -> str:
    return page.name


@functools.cache
def listed() -> dict[str, dict[str, object]]:
    alerts = yaml.safe_load((ROOT / "dashboards/alerts.yaml").read_text())["alerts"]
    return {alert["name"]: alert for alert in alerts}


def test_every_alert_has_its_runbook_and_every_runbook_its_alert() -> None:
    assert sorted(page.name.removeprefix("alerts/") for page in ALERTS) == sorted(listed())


def test_every_procedure_that_is_needed_is_there() -> None:
    assert {page.name.removeprefix("procedures/") for page in PROCEDURES} == NEEDED


@pytest.mark.parametrize("page", ALERTS, ids=named)
def test_a_runbook_agrees_with_its_alert_about_name_owner_and_severity(page: Page) -> None:
    name = page.name.removeprefix("alerts/")
    alert = listed()[name]
    severities = [rule["severity"] for rule in alert["rules"]]  # type: ignore[attr-defined]
    assert page.head["alerts"] == [name]
    assert page.head["owner"] == alert["owner"]
    assert page.head["severity"] == ("page" if "page" in severities else "ticket")
    assert f"\n# {name}: " in page.text


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_page_says_who_owns_it_and_when_it_was_rehearsed(page: Page) -> None:
    assert page.head["owner"]
    rehearsed = page.head["last_rehearsed"]
    if rehearsed != "never":
        assert isinstance(rehearsed, dt.date)
        assert rehearsed <= dt.datetime.now(dt.UTC).date()


@pytest.mark.parametrize("page", ALERTS, ids=named)
def test_a_runbook_of_an_alert_has_every_section_in_its_order(page: Page) -> None:
    assert list(page.sections) == SECTIONS
    assert all(len(text) > 40 for text in page.sections.values()), page.sections
    assert page.blocks, "no command to find out more"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_page_fits_the_time_that_there_is(page: Page) -> None:
    assert len(page.text.splitlines()) <= FITS_MINUTES


def test_no_section_is_copied_from_another_page() -> None:
    texts = Counter(text for page in ALERTS for text in page.sections.values())
    assert [text for text, times in texts.items() if times > 1] == []


@pytest.mark.parametrize("phrase", ["Identified / Constaté", "Degraded", "Restored", "Resolved"])
def test_messages_to_users_are_there_in_both_languages(phrase: str) -> None:
    [page] = [page for page in PROCEDURES if page.name.endswith("incident-response")]
    template = page.text.split(f"**{phrase}")[1].split("\n**")[0]
    assert "> EN - " in template
    assert "> FR - " in template
