"""How groups of operations are declared."""

from fastapi import APIRouter

from app.web.guard import GuardedRoute

API = "/api/v1"


def group(tag: str, prefix: str = API) -> APIRouter:
    """Return an empty group of guarded operations."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=GuardedRoute)
