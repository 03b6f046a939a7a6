"""File names as clients send them, made harmless; and as this server sends them.

A name is only ever shown, never used as a path here; it is cleaned all the same, because it ends
up in other people's shells, logs and headers.
"""

import email.errors
import email.header
import re
import unicodedata
from urllib.parse import quote, unquote_to_bytes

MOST_BYTES = 255
FALLBACK = "document"
_EXTENDED = re.compile(r";\s*filename\*\s*=\s*([\w-]+)'[^']*'([^;\s]+)", re.IGNORECASE)
_PLAIN = re.compile(r';\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))', re.IGNORECASE)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_ENCODED_WORD = re.compile(r"=\?[\w-]+\?[bqBQ]\?[^?]*\?=")
_LONGEST_EXTENSION = 16


def from_disposition(raw: bytes) -> str | None:
    """Return the clean file name of a part's Content-Disposition; None if it names none."""
    header = _decoded(raw)
    extended = _EXTENDED.search(_QUOTED.sub('""', header))
    if extended is not None:
        named = _extended(extended[1], extended[2])
        if named is not None:
            return clean(named)
    plain = _PLAIN.search(header)
    if plain is None:
        return None
    quoted = re.sub(r'\\(["\\])', r"\1", plain[1]) if plain[1] is not None else plain[2]
    return clean(_words(quoted))


def clean(name: str) -> str:
    """Return a name without path, control or invisible characters, at most 255 bytes long."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    shown = "".join(c for c in last if not unicodedata.category(c).startswith("C"))
    shown = " ".join(shown.split()).strip(". ")
    return _shortened(shown) or FALLBACK


def disposition(name: str) -> str:
    """Return the Content-Disposition of a download (RFC 6266): plain ASCII, and exact beside it."""
    ascii_name = "".join(c if c.isascii() and c.isprintable() else "_" for c in name)
    plain = ascii_name.replace("\\", "_").replace('"', "_").replace("%", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _extended(charset: str, value: str) -> str | None:
    try:
        return unquote_to_bytes(value).decode(charset)
    except (LookupError, ValueError):
        return None


def _words(text: str) -> str:
    """Decode RFC 2047 words, as .NET sends them; anything else stays as it is."""
    if not _ENCODED_WORD.search(text):
        return text
    try:
        return str(email.header.make_header(email.header.decode_header(text)))
    except (LookupError, ValueError, email.errors.MessageError):
        return text


def _shortened(name: str) -> str:
    if len(name.encode()) <= MOST_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension) > _LONGEST_EXTENSION:
        stem, dot, extension = name, "", ""
    room = MOST_BYTES - len((dot + extension).encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(". ") + dot + extension
