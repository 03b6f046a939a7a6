"""Successful answers: JSON prepared once. Schemas are documented, not run, on the way out."""

from collections.abc import Mapping

import orjson
from starlette.responses import Response

_OPTIONS = orjson.OPT_UTC_Z


class Answer(Response):
    """A JSON answer. `kept` is what an Idempotency-Key remembers, if not the body itself."""

    media_type = "application/json"

    def __init__(
        self,
        data: object,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        *,
        kept: object = None,
    ) -> None:
        super().__init__(orjson.dumps(data, option=_OPTIONS), status, headers)
        self.kept = bytes(self.body) if kept is None else orjson.dumps(kept, option=_OPTIONS)

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        """Set the headers given, and those of JSON; the framework's own looks for more."""
        self.raw_headers = [
            *(
                (name.lower().encode(), value.encode("latin-1"))
                for name, value in (headers or {}).items()
            ),
            (b"content-length", b"%d" % len(self.body)),
            (b"content-type", b"application/json"),
        ]


class Retold(Answer):
    """An answer that quotes documents: an Idempotency-Key keeps no copy that could outlive them.

    A repeated request is answered from the object that the first one made.
    """


class NoContent(Response):
    """An answer without a body."""

    def __init__(self, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status_code=204, headers=headers)


class NotModified(Response):
    """The client's copy is still good."""

    def __init__(self, etag: str) -> None:
        super().__init__(status_code=304, headers={"ETag": etag})
