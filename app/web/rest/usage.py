"""What was used, as JSON, or as CSV to charge departments by."""

import csv
import io
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from app.core import chargeback
from app.web import acceptance, shapes
from app.web.answers import Answer
from app.web.inputs.usage import UsageDays
from app.web.openapi.notes import notes
from app.web.routing import group
from app.web.services import CallDep

router = group("usage")
_COLUMNS = ("requests", "questions", "prompt_tokens", "completion_tokens", "money")
_OFFERED = ("application/json", "text/csv")


@router.get(
    "/usage",
    operation_id="getUsage",
    response_model=shapes.UsageStatement,
    summary="Read what was used",
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    openapi_extra=notes(problems=("not-acceptable",)),
)
async def get(call: CallDep, query: Annotated[UsageDays, Query()]) -> Response:
    """Read what was used from one day to another: in all, by department, by key and space.

    As `text/csv` there is one row for each department.
    """
    wanted = acceptance.chosen(call.request.headers.get("accept"), _OFFERED)
    found = await chargeback.statement(call.ports, call.principal, *query.span())
    shown = shapes.usage_statement(found)
    if wanted == "text/csv":
        name = f"usage_{found.first_day}_{found.last_day}.csv"
        headers = {"Vary": "Accept", "Content-Disposition": f'attachment; filename="{name}"'}
        return Response(_csv(shown), media_type="text/csv", headers=headers)
    return Answer(shown, headers={"Vary": "Accept"})


def _csv(shown: shapes.UsageStatement) -> str:
    """Return rows as RFC 4180 has them."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(["department", "first_day", "last_day", *_COLUMNS])
    for one in shown["departments"]:
        row = [one["requests"], one["questions"], one["prompt_tokens"], one["completion_tokens"]]
        days = [shown["first_day"], shown["last_day"]]
        table.writerow([chargeback.cell(one["department"]), *days, *row, f"{one['money']:.6f}"])
    return text.getvalue()
