"""Who may ask: the account's key (HMAC over what is asked for), or a directory's token."""

import base64
import hashlib
import hmac
import json
import urllib.parse
from collections.abc import Mapping

from tests.peers.cosmos.refusal import Refused

KEY = base64.b64encode(hashlib.sha512(b"a key for tests alone").digest()).decode()
AUDIENCE = "https://cosmos.azure.com"


def signature(verb: str, path: str, date: str, key: str = KEY) -> str:
    """Return what the header must hold: the link is case-sensitive, all else is not."""
    parts = [urllib.parse.unquote(part) for part in path.split("/") if part]
    kind = parts[-1] if len(parts) % 2 else (parts[-2] if parts else "")
    link = "/".join(parts[:-1] if len(parts) % 2 else parts)
    text = f"{verb.lower()}\n{kind.lower()}\n{link}\n{date.lower()}\n\n"
    made = hmac.digest(base64.b64decode(key), text.encode(), "sha256")
    return base64.b64encode(made).decode()


def require(verb: str, path: str, headers: Mapping[str, str]) -> None:
    """Raise 401 unless the request is signed with the key or carries a token for this service."""
    given = urllib.parse.unquote(headers.get("authorization", ""))
    said = dict(part.partition("=")[::2] for part in given.split("&"))
    match said.get("type"):
        case "master":
            date = headers.get("x-ms-date", "")
            if not hmac.compare_digest(signature(verb, path, date), said.get("sig", "")):
                raise Refused(401, "the signature does not match what is asked for")
        case "aad":
            _require_token(said.get("sig", ""))
        case _:
            raise Refused(401, "no authorization that is known here")


def _require_token(token: str) -> None:
    """Look at the audience; whoever signed the token is not asked."""
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError):
        raise Refused(401, "the token is no JWT") from None
    if str(claims.get("aud", "")).rstrip("/") != AUDIENCE:
        raise Refused(401, "the token is for another audience")
