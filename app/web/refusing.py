"""How a request or a websocket is turned away before any operation sees it."""

from starlette.types import Receive, Scope, Send

from app.core.errors import EvaError
from app.web.problems.rendering import respond

_TRY_AGAIN_LATER, _POLICY = 1013, 1008  # RFC 6455, section 7.4


async def refuse(error: EvaError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with a problem; a websocket's handshake too, where the server can do that."""
    if scope["type"] == "websocket":
        await receive()
        if "websocket.http.response" not in scope.get("extensions", {}):
            code = _TRY_AGAIN_LATER if "retry_after" in error.facts else _POLICY
            await send({"type": "websocket.close", "code": code, "reason": error.code})
            return
    await respond(scope, error)(scope, receive, send)
