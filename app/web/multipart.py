"""A multipart upload, read once as it comes: the file's bytes are handed on, never collected.

Fields may stand before the file or behind it. They are complete when the file's last byte has
been handed on, because reading the file to its end reads the message to its end.
"""

import hashlib
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from app.core.errors import InvalidInputError
from app.web import filenames
from app.web.errors import MalformedBodyError, UnsupportedMediaTypeError

FILE = "file"
FIELDS = frozenset({"title", "metadata", "tags"})
MOST_FIELD_BYTES = 64 * 1024
MOST_PARTS = 8
_LONGEST_BOUNDARY = 70  # RFC 2046, section 5.1.1


@dataclass(slots=True)
class _Part:
    """The part being read."""

    name: str = ""
    filename: str | None = None
    header: bytes = b""
    value: bytes = b""
    disposition: bytes = b""
    data: bytearray = field(default_factory=bytearray)


class Multipart:
    """One multipart message holding one file. `filename` is known once `open` returned."""

    def __init__(self, request: Request, known: Collection[str] = FIELDS) -> None:
        self.filename = ""
        self.fields: dict[str, str] = {}
        self._known = known
        self._chunks = request.stream()
        self._file: list[bytes] = []
        self._hash = hashlib.sha256()
        self._part = _Part()
        self._parts = 0
        self._in_file = False
        self._saw_file = False
        self._ended = False
        self._parser = self._reading(_boundary(request))

    async def open(self) -> None:
        """Read up to the file; raises InvalidInputError if there is none, MalformedBodyError."""
        while not self._saw_file:
            if not await self._more():
                raise InvalidInputError(pointer="/file", reason="is required")

    async def data(self) -> AsyncIterator[bytes]:
        """Yield the file's bytes; at its end the whole message has been read and is sound."""
        while True:
            pending, self._file = self._file, []
            for chunk in pending:
                self._hash.update(chunk)
                yield chunk
            if not await self._more():
                break

    def digest(self) -> bytes:
        """Return what tells this upload from another: its file, its name and its fields."""
        whole = hashlib.sha256(self._hash.digest() + self.filename.encode())
        for name, value in sorted(self.fields.items()):
            whole.update(b"\0" + name.encode() + b"\0" + value.encode())
        return whole.digest()

    async def _more(self) -> bool:
        """Parse the next chunk; False at the end of a sound message."""
        chunk = await anext(self._chunks, b"")
        if not chunk:
            if not self._ended:
                raise MalformedBodyError
            return False
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise MalformedBodyError from None
        return True

    def _reading(self, boundary: bytes) -> MultipartParser:
        return MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._data,
                "on_part_end": self._end_part,
                "on_end": self._end,
            },
        )

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise InvalidInputError(pointer="", reason=f"more than {MOST_PARTS} parts")
        self._part = _Part()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._part.header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._part.value += data[start:end]

    def _header_end(self) -> None:
        if self._part.header.lower() == b"content-disposition":
            self._part.disposition = self._part.value
        self._part.header = self._part.value = b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._part.disposition)
        self._part.name = options.get(b"name", b"").decode(errors="replace")
        self._in_file = self._part.name == FILE
        if self._in_file:
            self._start_file()
        elif self._part.name not in self._known:
            raise InvalidInputError(pointer=f"/{self._part.name}", reason="is not known here")
        elif self._part.name in self.fields:
            raise InvalidInputError(pointer=f"/{self._part.name}", reason="is given twice")

    def _start_file(self) -> None:
        if self._saw_file:
            raise InvalidInputError(pointer="/file", reason="is given twice")
        name = filenames.from_disposition(self._part.disposition)
        if name is None:
            raise InvalidInputError(pointer="/file", reason="must be a file with a name")
        self.filename = name
        self._saw_file = True

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self._file.append(data[start:end])
        elif len(self._part.data) + end - start > MOST_FIELD_BYTES:
            reason = f"is longer than {MOST_FIELD_BYTES} bytes"
            raise InvalidInputError(pointer=f"/{self._part.name}", reason=reason)
        else:
            self._part.data += data[start:end]

    def _end_part(self) -> None:
        if not self._in_file:
            try:
                self.fields[self._part.name] = self._part.data.decode()
            except UnicodeDecodeError:
                raise MalformedBodyError from None
        self._in_file = False

    def _end(self) -> None:
        self._ended = True


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data":
        raise UnsupportedMediaTypeError(expected="multipart/form-data")
    boundary = options.get(b"boundary", b"")
    if not 0 < len(boundary) <= _LONGEST_BOUNDARY:
        raise MalformedBodyError
    return boundary
