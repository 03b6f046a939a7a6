"""E-mail (RFC 5322): the headers that people read, then the body; attachments by name only."""

from collections.abc import Iterator
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path, PurePosixPath

from app.adapters.extraction.html import parse_html
from app.adapters.extraction.reading import Block, Caps, Part, Reading, failure
from app.adapters.extraction.text import decode, one_line
from app.core.models import FailureReason

_SHOWN = ("From", "To", "Cc", "Date", "Subject")
_LATIN = {"iso-8859-1", "us-ascii", "latin-1", "latin1"}  # in truth the Windows code page


def read_mail(path: Path, _: Caps) -> Reading:
    """Read a .eml file; `malformed` when it has none of a message's headers."""
    message = message_from_bytes(path.read_bytes())
    if not any(name in message for name in (*_SHOWN, "Received", "Message-ID")):
        raise failure(FailureReason.MALFORMED)
    return Reading([Part(list(_message(message)))], title=_header(message, "Subject"))


def _message(message: Message) -> Iterator[Block]:
    headers = {name: _header(message, name) for name in _SHOWN}
    yield Block("\n".join(f"{name}: {value}" for name, value in headers.items() if value))
    yield from _body(message)
    leaves = (part for part in message.walk() if not part.is_multipart())
    names = [name for part in leaves if (name := _attached(part))]
    if names:
        yield Block("Attachments: " + ", ".join(names))


def _header(message: Message, name: str) -> str:
    raw = message.get(name, "")
    try:
        return one_line(str(make_header(decode_header(raw))))
    except (MessageError, LookupError, ValueError):
        return one_line(str(raw))


def _body(part: Message) -> Iterator[Block]:
    children = _children(part)
    if not part.is_multipart():
        if not _attached(part):
            yield from _leaf(part)
    elif part.get_content_type() == "multipart/alternative":
        plain, rest = _split(children)
        blocks = [block for choice in plain for block in _body(choice)]
        if not any(character.isalnum() for block in blocks for character in block.text):
            blocks = [block for choice in rest[-1:] for block in _body(choice)]
        yield from blocks
    else:
        for child in children:
            if part.get_content_type() == "message/rfc822":
                yield from _message(child)
            else:
                yield from _body(child)


def _children(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Message)] if payload else []


def _split(parts: list[Message]) -> tuple[list[Message], list[Message]]:
    """Return the plain text alternatives and the richer ones, best last."""
    plain = [part for part in parts if part.get_content_type() == "text/plain"]
    return plain, [part for part in parts if part.get_content_type() != "text/plain"]


def _leaf(part: Message) -> Iterator[Block]:
    kind = part.get_content_type()
    if kind == "text/html":
        for inner in parse_html(_decoded(part)).parts:
            yield from inner.blocks
    elif kind == "text/plain":
        yield Block(_decoded(part))


def _decoded(part: Message) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    charset = (part.get_content_charset() or "").lower()
    try:
        return data.decode("cp1252" if charset in _LATIN else charset)
    except (LookupError, ValueError):  # unknown, missing or wrong
        return decode(data)


def _attached(part: Message) -> str | None:
    """Return the file name of an attachment without any folder, None of a body."""
    try:
        name = part.get_filename()
    except (LookupError, ValueError):
        name = None
    if not name and part.get_content_disposition() != "attachment":
        return None
    try:
        name = str(make_header(decode_header(name or "")))
    except (MessageError, LookupError, ValueError):
        name = name or ""
    return PurePosixPath(one_line(name).replace("\\", "/")).name or "unnamed"
