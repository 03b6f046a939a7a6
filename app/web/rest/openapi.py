"""The OpenAPI document, served as it is committed."""

from fastapi import Request
from starlette.responses import Response

from app.web.openapi.building import encoded
from app.web.routing import group

router = group("openapi", prefix="")


@router.get("/openapi.json", operation_id="getOpenApi", include_in_schema=False)
async def get(request: Request) -> Response:
    """Answer with the document."""
    return Response(encoded(request.app.openapi()), media_type="application/json")
