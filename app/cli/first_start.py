"""The first start on an empty data folder: one administrator key, shown once, stored as a hash."""

from app.core import keys
from app.core.errors import ConflictError
from app.core.models import DEFAULT_TENANT, Scope
from app.settings import Settings
from app.wiring import open_ports

# One fixed id (the lowest there is), so that two first starts at once can't both issue a key.
_ID = "key_" + "0" * 26


async def administrator_token(settings: Settings) -> str | None:
    """Issue the administrator's key and return its token; None if the folder is in use already."""
    async with open_ports(settings) as ports:
        if await ports.records.tenants():
            return None
        wanted = keys.NewKey(name="administrator", scopes=(Scope.ADMIN_ALL,))
        try:
            issued = await keys.issue(ports, DEFAULT_TENANT, "first-start", wanted, id_=_ID)
        except ConflictError:
            return None
        return issued.token
