"""ETags and the preconditions that name them (RFC 9110 section 13, RFC 6585).

A tag is `"<revision>~<rest>"`: the revision is the record's own, the rest covers what is shown
beside the record and changes by itself (a count, a progress). A change is held against the
revision only; a cached copy against the whole tag.
"""

import re

from starlette.datastructures import Headers

from app.core.errors import PreconditionRequiredError, StaleEtagError

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e]*)"')
_MOST = 50


def tag(revision: str, *rest: object) -> str:
    """Return the ETag of a representation."""
    return f'"{revision}~{"-".join(map(str, rest))}"' if rest else f'"{revision}"'


def required(headers: Headers, revision: str) -> str:
    """Return the revision that a change is to replace; it must be named by If-Match."""
    if "if-match" not in headers:
        raise PreconditionRequiredError
    return expected(headers, revision) or revision


def expected(headers: Headers, revision: str) -> str | None:
    """Return the revision to replace; StaleEtagError if there is an If-Match without it.

    None, where the client named no revision: its change applies to whichever is there, so one
    that comes meanwhile is no reason to refuse it.
    """
    given = headers.get("if-match")
    if given is None or given.strip() == "*":
        return None
    named = (found.partition("~")[0] for weak, found in _TAG.findall(given)[:_MOST] if not weak)
    if revision not in named:
        raise StaleEtagError
    return revision


def unchanged(headers: Headers, etag: str) -> bool:
    """Tell whether If-None-Match names this representation (weak comparison)."""
    given = headers.get("if-none-match")
    if given is None:
        return False
    if given.strip() == "*":
        return True
    return any(f'"{found}"' == etag for _, found in _TAG.findall(given)[:_MOST])
