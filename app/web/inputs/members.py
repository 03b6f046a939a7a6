"""What clients say of the members of a space."""

import re
from typing import Annotated, TypeAlias

from fastapi import Path
from pydantic import AfterValidator, Field, WithJsonSchema

from app.core.errors import NotFoundError
from app.core.models import SpaceRole
from app.web.inputs.fields import Input

_FORM = "key:[0-9a-hjkmnp-tv-z]{26}|oidc:[0-9a-f]{12}:[!-~]{1,255}"


def _principal(value: str) -> str:
    if not re.fullmatch(_FORM, value, re.ASCII):
        raise NotFoundError
    return value


PrincipalInPath: TypeAlias = Annotated[
    str,
    AfterValidator(_principal),
    WithJsonSchema({"type": "string", "pattern": f"^({_FORM})$"}),
    Path(description="Who: `key:` and a key's id, or `oidc:` as in `created_by` of what they made"),
]


class MemberIn(Input):
    """A member as it is to be."""

    role: Annotated[SpaceRole, Field(description="What the member may do in the space.")]
