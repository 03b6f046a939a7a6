"""The pool of connections that a service's clients share."""

import urllib.request

import aiohttp


def pool(connections: int) -> aiohttp.ClientSession:
    """Return a pool as the SDKs have it: no cookies, answers as they came.

    Whether the environment names a proxy is asked once. Left to aiohttp, it and a `.netrc` are
    looked for at every request, in a thread.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=bool(urllib.request.getproxies()),
    )
