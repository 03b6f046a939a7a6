"""Until when the certificates hold that clients see: looked at from outside, as they do."""

import asyncio
import contextlib
import ssl
from datetime import UTC, datetime
from pathlib import Path

_PATIENCE_S = 5.0
_EXPIRED = 10  # X509_V_ERR_CERT_HAS_EXPIRED


async def left_s(host: str, port: int = 443, *, trusted: Path | None = None) -> float | None:
    """Return for how many seconds the certificate at an address still holds; 0 if it expired.

    None if that can't be seen: nobody answers, or with a certificate that isn't trusted. `trusted`
    are certificates that are, instead of the system's.
    """
    context = ssl.create_default_context(cafile=trusted)
    try:
        async with asyncio.timeout(_PATIENCE_S):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
    except ssl.SSLCertVerificationError as refused:
        return 0.0 if refused.verify_code == _EXPIRED else None
    except OSError:  # TimeoutError is one
        return None
    ends = writer.get_extra_info("peercert")["notAfter"]
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return ssl.cert_time_to_seconds(ends) - datetime.now(UTC).timestamp()
