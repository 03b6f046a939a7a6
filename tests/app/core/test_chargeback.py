"""What is charged to whom, and in a form that no spreadsheet runs."""

import pytest

from app.core import chargeback
from app.core.access import Principal
from app.core.ports import Ports
from tests.app.core import acting


async def test_asking_counts_a_question_of_its_space(ports: Ports, alice: Principal) -> None:
    space_id = await acting.space(ports, alice)
    await acting.ask(ports, alice, [space_id], "How many days?")
    found = await chargeback.statement(ports, alice, "2026-01-01", "2999-01-01")
    [line] = found.lines
    assert (line.space_id, line.principal_id, line.used.questions) == (space_id, alice.id, 1)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert chargeback.cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "finance", "a=b", "'=x", "Direction générale"])
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert chargeback.cell(text) == text
