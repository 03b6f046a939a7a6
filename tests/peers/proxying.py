"""The fault proxies as one program, and steering them from tests."""

import sys
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

import httpx2

from tests.peers.programs import Program

_ask = partial(httpx2.request, timeout=60)  # on a loaded machine


def faults(port: int = 0) -> Program:
    """Stand in front of other peers; port 0 takes a free one."""
    return Program(
        name="faults",
        command=[sys.executable, "-m", "tests.peers.faults", str(port)],
        ready={"faults": r"faults at (\S+)"},
    )


@dataclass(frozen=True, slots=True)
class Faults:
    """The proxies at an address."""

    url: str

    def front(self, name: str, url: str, listen: str = "127.0.0.1:0") -> str:
        """Put a proxy before a peer; return the address that the peer has there."""
        said = {"name": name, "listen": listen, "upstream": urlsplit(url).netloc}
        made = self._post("/proxies", said)
        return urlsplit(url)._replace(netloc=made["listen"]).geturl()

    def poison(self, proxy: str, kind: str, **attributes: object) -> None:
        """Add a toxic; `stream` and `toxicity` are said beside its attributes."""
        beside = {"stream", "toxicity"} & attributes.keys()
        said: dict[str, object] = {name: attributes.pop(name) for name in beside}
        self._post(f"/proxies/{proxy}/toxics", {**said, "type": kind, "attributes": attributes})

    def cure(self, proxy: str, toxic: str) -> None:
        """Remove a toxic."""
        _ask("DELETE", f"{self.url}/proxies/{proxy}/toxics/{toxic}").raise_for_status()

    def enable(self, proxy: str, *, enabled: bool) -> None:
        """Open or close a proxy."""
        self._post(f"/proxies/{proxy}", {"enabled": enabled})

    def hits(self, proxy: str) -> dict[str, int]:
        """Return how often each toxic struck."""
        found = _ask("GET", f"{self.url}/proxies/{proxy}").raise_for_status().json()
        return {one["name"]: one["hits"] for one in found["toxics"]}

    def reset(self) -> None:
        """Remove every toxic and open every proxy."""
        _ask("POST", f"{self.url}/reset").raise_for_status()

    def _post(self, path: str, said: object) -> dict[str, str]:
        answer = _ask("POST", self.url + path, json=said)
        if answer.is_client_error:
            raise ValueError(answer.text)
        found: dict[str, str] = answer.raise_for_status().json()
        return found
