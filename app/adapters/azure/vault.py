"""Secrets from Key Vault, read anew from time to time, and at once when they are refused."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError
from azure.keyvault.secrets.aio import SecretClient

from app.adapters.azure import failures
from app.core import metrics
from app.core.errors import SetupError

TTL_S = 300.0
_REST_S = 10.0  # between two looks at a secret that keeps being refused
_DEPENDENCY = "vault"
_HERE = ("127.0.0.1", "localhost")
_log = logging.getLogger("eva.azure")


@dataclass(slots=True)
class _Known:
    """A secret as last read; `good_until` and `read_at` are seconds of our clock."""

    value: str
    read_at: float
    good_until: float
    expires_on: datetime | None


class Vault:
    """The secrets of a vault, by name. Values are kept in memory only."""

    def __init__(
        self,
        client: SecretClient,
        ttl_s: float = TTL_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._ttl_s = ttl_s
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._reading = asyncio.Lock()

    async def read(self, name: str) -> str:
        """Return a secret; while the vault is down, as it was last known.

        UnavailableError if it was never read; SetupError for a vault that asks for more than is
        its own.
        """
        if (fresh := self._fresh(name)) is not None:
            return fresh
        async with self._reading:  # whoever waited finds what the first one read
            if (fresh := self._fresh(name)) is not None:
                return fresh
            return await self._read(name)

    def refused(self, name: str) -> None:
        """Say that a service did not take the secret: it may have been rotated."""
        known = self._known.get(name)
        if known is not None:
            known.good_until = min(known.good_until, known.read_at + _REST_S)

    def getter(self, name: str) -> "VaultSecret":
        """Return one secret, whatever it is at the time."""
        return VaultSecret(self, name)

    def _fresh(self, name: str) -> str | None:
        known = self._known.get(name)
        return known.value if known is not None and self._clock() < known.good_until else None

    async def _read(self, name: str) -> str:
        now = self._clock()
        try:
            with metrics.calling("keyvault"):
                found = await self._client.get_secret(name)
        except ValueError as error:  # its challenge is for another domain than its own
            raise SetupError(f"The key vault can't be trusted with a token: {error}") from error
        except AzureError as error:
            refusal = failures.unavailable(_DEPENDENCY, error)
            known = self._known.get(name)
            if known is None:
                raise refusal from error
            _log.warning("a secret is used as it was %.0f s ago", now - known.read_at)
            known.good_until = now + _REST_S
            return known.value
        value = found.value or ""
        self._known[name] = _Known(value, now, now + self._ttl_s, found.properties.expires_on)
        self._tell_of_expiry()
        return value

    def _tell_of_expiry(self) -> None:
        ends = [one.expires_on for one in self._known.values() if one.expires_on is not None]
        if ends:
            left = (min(ends) - datetime.now(UTC)).total_seconds()
            metrics.gauge("eva.credentials.expires_in", {"kind": "secret"}, left)


@dataclass(frozen=True, slots=True)
class VaultSecret:
    """One secret of a vault; called, it is the value at the time."""

    vault: Vault
    name: str

    async def __call__(self) -> str:
        """Return the secret; UnavailableError."""
        return await self.vault.read(self.name)

    def refused(self) -> None:
        """Say that it was not taken."""
        self.vault.refused(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultPlace:
    """Where a vault is and how it is called.

    It says itself for which audience it wants a token; only one of its own domain is believed,
    unless it is on this machine. `certificates` are trusted instead of the system's.
    """

    url: str
    timeout_s: float = 5.0
    certificates: Path | None = None

    @property
    def here(self) -> bool:
        """Tell whether it is on this machine."""
        return urlsplit(self.url).hostname in _HERE


@contextlib.asynccontextmanager
async def open_vault(place: VaultPlace, identity: AsyncTokenCredential) -> AsyncIterator[Vault]:
    """Lend the vault."""
    client = SecretClient(
        place.url,
        identity,
        verify_challenge_resource=not place.here,
        connection_verify=True if place.certificates is None else str(place.certificates),
        connection_timeout=place.timeout_s,
        read_timeout=place.timeout_s,
        retry_total=1,
    )
    async with client:
        yield Vault(client)
