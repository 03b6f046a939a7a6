"""Receipts: the proof of what a deletion removed."""

from starlette.responses import Response

from app.core import models, receipts
from app.web import preferences, shapes
from app.web.answers import Answer, NoContent
from app.web.inputs.fields import ReceiptInPath
from app.web.routing import API, group
from app.web.services import Call, CallDep

router = group("receipts")


@router.get(
    "/receipts/{receipt_id}",
    operation_id="getReceipt",
    response_model=shapes.Receipt,
    summary="Read the receipt of a deletion",
)
async def get(call: CallDep, receipt_id: ReceiptInPath) -> Response:
    """Read what was removed and that nothing remained; `completed_at` is null while it runs."""
    found = await receipts.get(call.ports, call.principal, receipt_id)
    return Answer(shapes.receipt(found.value))


def deleted(call: Call, receipt: models.Receipt) -> Response:
    """Return the answer to a deletion: nothing, or the receipt if it is preferred."""
    location = f"{API}/receipts/{receipt.id}"
    if preferences.wants_representation(call.request.headers):
        headers = {"Location": location, "Preference-Applied": "return=representation"}
        return Answer(shapes.receipt(receipt), headers=headers)
    return NoContent({"Location": location})
