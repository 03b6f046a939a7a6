"""What this API answers, as typed dictionaries: mypy checks what is built, nothing runs twice.

A function beside each shape makes it of a core model.
"""

from app.web.shapes.auditing import AuditEvent, AuditEventPage, audit_event
from app.web.shapes.documents import (
    Document,
    DocumentPage,
    DocumentText,
    TextPage,
    TextSection,
    document,
)
from app.web.shapes.explanations import Explanation, Feedback, explanation, feedback
from app.web.shapes.operations import (
    ApiKey,
    ApiKeyPage,
    DeadJob,
    DeadJobPage,
    DetailedHealth,
    Health,
    NewApiKey,
    ProblemPage,
    Readiness,
    api_key,
    dead_job,
    new_api_key,
)
from app.web.shapes.queries import (
    CitationCheck,
    Query,
    QueryPage,
    QueryResult,
    check,
    citation,
    cited,
    query,
    result,
)
from app.web.shapes.spaces import (
    Member,
    MemberPage,
    Receipt,
    Space,
    SpacePage,
    member,
    receipt,
    space,
)
from app.web.shapes.usage import UsageStatement, usage_statement

__all__ = [
    "ApiKey",
    "ApiKeyPage",
    "AuditEvent",
    "AuditEventPage",
    "CitationCheck",
    "DeadJob",
    "DeadJobPage",
    "DetailedHealth",
    "Document",
    "DocumentPage",
    "DocumentText",
    "Explanation",
    "Feedback",
    "Health",
    "Member",
    "MemberPage",
    "NewApiKey",
    "ProblemPage",
    "Query",
    "QueryPage",
    "QueryResult",
    "Readiness",
    "Receipt",
    "Space",
    "SpacePage",
    "TextPage",
    "TextSection",
    "UsageStatement",
    "api_key",
    "audit_event",
    "check",
    "citation",
    "cited",
    "dead_job",
    "document",
    "explanation",
    "feedback",
    "member",
    "new_api_key",
    "query",
    "receipt",
    "result",
    "space",
    "usage_statement",
]
