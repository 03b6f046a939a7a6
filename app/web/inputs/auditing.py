"""What an auditor asks for."""

from typing import Annotated

from pydantic import Field

from app.core.ports import AuditFilter
from app.web.inputs.fields import OMITTABLE, Input, Moment
from app.web.inputs.paging import Page

_Word = Annotated[str | None, OMITTABLE, Field(min_length=1, max_length=200)]
_Time = Annotated[Moment | None, OMITTABLE]


class AuditQuery(Input):
    """Which events; all that is given must hold."""

    actor: Annotated[_Word, Field(description="Such as `key:…` or `worker`.")] = None
    action: Annotated[_Word, Field(description="An operation id or a job's kind.")] = None
    target: Annotated[_Word, Field(description="Such as `document/doc_…`.")] = None
    outcome: Annotated[_Word, Field(description="An HTTP status, or `committed`.")] = None
    request_id: Annotated[_Word, Field(description="One request's events.")] = None
    since: Annotated[_Time, Field(description="From this time on (RFC 3339).")] = None
    until: Annotated[_Time, Field(description="Before this time (RFC 3339).")] = None

    def wanted(self) -> AuditFilter:
        """Return the filter."""
        return AuditFilter(
            actor=self.actor,
            action=self.action,
            target=self.target,
            outcome=self.outcome,
            request_id=self.request_id,
            since=self.since,
            until=self.until,
        )


class AuditPage(AuditQuery, Page):
    """The query parameters of the list of events."""
