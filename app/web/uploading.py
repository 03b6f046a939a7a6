"""Uploads: from the multipart message to the use case, once under its Idempotency-Key."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.responses import Response

from app.core.documents import Description
from app.core.errors import IdempotencyMismatchError
from app.core.models import IdempotentCall
from app.core.uploads import File
from app.web import body, once
from app.web.inputs.documents import UploadFields, metadata_of, tags_of
from app.web.multipart import FIELDS, Multipart
from app.web.services import Call

_MARGIN = 1024 * 1024  # for the fields and the framing
NO_FIELDS: frozenset[str] = frozenset()


class Upload:
    """A file with what is said of it, both still on their way."""

    def __init__(self, message: Multipart, max_bytes: int) -> None:
        self._message = message
        self._described: Description | None = None
        self.file = File(filename=message.filename, data=self._data(), max_bytes=max_bytes)

    def description(self) -> Description:
        """Return what is said of the file; once its last byte came."""
        if self._described is None:
            self._described = _fields(self._message.fields).description(self._message.filename)
        return self._described

    async def _data(self) -> AsyncIterator[bytes]:
        """Yield the file; what is wrong with the fields is found before it is stored."""
        async for chunk in self._message.data():
            yield chunk
        self.description()


async def answer(
    call: Call, store: Callable[[Upload], Awaitable[Response]], known: Collection[str] = FIELDS
) -> Response:
    """Answer an upload: for the first time, or again."""
    request = call.request
    most = call.services.limits.max_upload_bytes
    body.allow(request.scope, most + _MARGIN)
    message = Multipart(request, known)
    if once.HEADER not in request.headers:
        await message.open()
        return await store(Upload(message, most))
    turn = await once.begin(request)
    if isinstance(turn, IdempotentCall):
        return await _again(call, message, turn)
    async with once.taking(request, turn):
        await message.open()
        response = await store(Upload(message, most))
        await once.remember(turn, response, once.fingerprint_of(request, message.digest()))
        return response


async def _again(call: Call, message: Multipart, turn: IdempotentCall) -> Response:
    """Replay the first answer if the same is uploaded again; nothing of it is stored."""
    await message.open()
    async for _ in message.data():
        pass
    if once.fingerprint_of(call.request, message.digest()) != turn.fingerprint:
        raise IdempotencyMismatchError
    return once.replay(turn)


def _fields(sent: dict[str, str]) -> UploadFields:
    values: dict[str, object] = dict(sent)
    if "metadata" in sent:
        values["metadata"] = metadata_of(sent["metadata"])
    if "tags" in sent:
        values["tags"] = tags_of(sent["tags"])
    try:
        return UploadFields.model_validate(values)
    except ValidationError as error:
        raise RequestValidationError(
            [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        ) from None
