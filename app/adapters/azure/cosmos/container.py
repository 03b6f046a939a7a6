"""One container as the adapters use it: the written list of operations, each safe to repeat.

Point operations, batches and queries within one logical partition; nothing else. An answer may be
lost after its request was carried out, so every write here is one that can be sent again: it
names what it makes, replaces by the tag it read, or carries a mark by which it knows its own work.
"""

import asyncio
import itertools
import logging
import random
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from azure.core.exceptions import AzureError, HttpResponseError
from azure.cosmos.exceptions import CosmosBatchOperationError

from app.adapters.azure.cosmos.account import Account
from app.adapters.azure.cosmos.declare import keys
from app.adapters.azure.cosmos.ways import BySdk, Item, Operation, Place, Way
from app.adapters.azure.cosmos.wire import ByWire
from app.adapters.azure.failures import asked_to_wait, unavailable
from app.core import metrics
from app.core.errors import StaleEtagError, TooLargeError, UnavailableError

__all__ = ["MOST_BYTES", "BatchRefusedError", "Container", "Item", "Operation", "Place"]

T = TypeVar("T")
MOST_BYTES = 2_000_000  # of an item or a batch; the service takes 2 MiB, its own members included
_GONE, _EXISTS, _CHANGED, _TOO_LARGE = 404, 409, 412, 413
_UNAUTHORISED = 401
# What is answered so is not asked again.
_ANSWERS = frozenset({400, _UNAUTHORISED, 403, _GONE, _EXISTS, _CHANGED, _TOO_LARGE})
_NO_CONTAINER = 1003  # of 404: it is no item that is missing
_SPLIT_OFF = 1002  # of 404 or 410: the replica is behind, or the range has moved
_RANKED = " ORDER BY RANK "  # what the SDK has to make a plan for
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 1.0
_ODD = (ValueError, KeyError, TypeError, AttributeError)  # of the SDK, at an answer of odd form
_TROUBLES = (AzureError, TimeoutError, OSError, *_ODD)
_log = logging.getLogger("eva.azure")


class BatchRefusedError(Exception):
    """A batch was not applied, because of one of its operations."""

    def __init__(self, index: int, status: int) -> None:
        super().__init__(f"operation {index}: {status}")
        self.index = index
        self.status = status


class Container:
    """A container of an account; `dependency` is what errors call it."""

    def __init__(self, account: Account, name: str, dependency: str) -> None:
        self.name = name
        self._account = account
        self._dependency = dependency
        self._keys = keys(account.place, name)

    async def read(self, place: Place, id_: str) -> Item | None:
        """Return an item, or None."""

        async def item(way: Way) -> Item:
            return _whole(await way.read(place, id_), id_)

        try:
            return await self._ask("read", item)
        except HttpResponseError as error:
            self._allow(error, _GONE)
            return None

    async def query(
        self, place: Place, sql: str, parameters: Mapping[str, object] | None = None
    ) -> list[Any]:
        """Return every row of a query within one logical partition."""
        try:
            return await self._ask(
                "query",
                lambda way: way.query(place, sql, parameters or {}),
                by_sdk=_RANKED in sql,
            )
        except HttpResponseError as error:
            raise self._unexpected(error) from error

    async def create(self, item: Item) -> bool:
        """Store an item unless there is one of its id; tell whether there was none.

        After a lost answer the item itself may be the one that is there: then False, too.
        """
        try:
            await self._ask("create", lambda way: way.create(item))
        except HttpResponseError as error:
            self._allow(error, _EXISTS)
            return False
        return True

    async def upsert(self, item: Item) -> None:
        """Store an item, whatever is there."""
        try:
            await self._ask("upsert", lambda way: way.upsert(item))
        except HttpResponseError as error:
            raise self._unexpected(error) from error

    async def replace(self, place: Place, item: Item) -> Item:
        """Replace an item as it was read; StaleEtagError if it changed since or is gone."""
        body = {**item, "op": secrets.token_hex(8)}
        try:
            return await self._ask("replace", lambda way: way.replace(body, item["_etag"]))
        except HttpResponseError as error:
            self._allow(error, _GONE, _CHANGED)
        now = await self.read(place, item["id"])
        if now is None or now.get("op") != body["op"]:
            raise StaleEtagError
        return now  # the answer to our own success was lost

    async def delete(self, place: Place, id_: str) -> bool:
        """Delete an item; tell whether it was there."""
        try:
            await self._ask("delete", lambda way: way.delete(place, id_))
        except HttpResponseError as error:
            self._allow(error, _GONE)
            return False
        return True

    async def batch(self, place: Place, operations: Sequence[Operation]) -> list[Item]:
        """Apply all operations or none, and return what is said of each.

        Raises BatchRefusedError, TooLargeError. To be known again by its sender, a batch begins
        with the creation of a new item.
        """
        try:
            return await self._ask("batch", lambda way: way.batch(place, operations))
        except CosmosBatchOperationError as error:
            raise BatchRefusedError(error.error_index or 0, error.status_code or 0) from error
        except HttpResponseError as error:
            if error.status_code == _TOO_LARGE:
                raise TooLargeError(limit_bytes=MOST_BYTES) from error
            raise self._unexpected(error) from error

    async def _ask(
        self, operation: str, call: Callable[[Way], Awaitable[T]], *, by_sdk: bool = False
    ) -> T:
        """Return what the call does, tried again while that may help, and time and budget last."""
        calls, clock = self._account.calls, asyncio.get_running_loop().time
        deadline = clock() + calls.timeout_s
        calls.budget.earn()
        for attempt in itertools.count(1):
            try:
                async with asyncio.timeout_at(min(deadline, clock() + calls.attempt_s)):
                    short = attempt == 1 and not by_sdk
                    return await call(await self._way(operation, short=short))
            except _TROUBLES as error:
                self._charge_refused(operation, error)
                if getattr(error, "status_code", None) == _UNAUTHORISED:
                    self._account.refused()
                if _is_answer(error):
                    raise
                pause = _pause(error, attempt)
                late = attempt >= calls.attempts or clock() + pause >= deadline
                if late or not calls.budget.spend():
                    raise self._unavailable(error) from error
            metrics.count("eva.dependency.retries", {"dependency": "cosmos"})
            await asyncio.sleep(pause)
        raise AssertionError("attempts end by themselves")

    async def _way(self, operation: str, *, short: bool) -> Way:
        def told(headers: Mapping[str, str], *_: object) -> None:
            self._charge(operation, headers)

        endpoint = await self._account.endpoint() if short else None
        if endpoint is None:
            return BySdk(await self._account.container(self.name), told)
        place = self._account.place
        return ByWire(endpoint, place.database, self.name, self._keys, told)

    def _charge(self, operation: str, headers: Mapping[str, str]) -> None:
        units = float(headers.get("x-ms-request-charge") or 0)
        self._account.calls.charged(self.name, operation, units)

    def _charge_refused(self, operation: str, error: BaseException) -> None:
        headers = getattr(error, "headers", None)
        if isinstance(headers, Mapping):
            self._charge(operation, headers)

    def _allow(self, error: HttpResponseError, *statuses: int) -> None:
        absent = getattr(error, "sub_status", None) == _NO_CONTAINER
        if absent or error.status_code not in statuses:
            raise self._unexpected(error) from error

    def _unexpected(self, error: HttpResponseError) -> UnavailableError:
        return unavailable(self._dependency, error)

    def _unavailable(self, error: BaseException) -> UnavailableError:
        if isinstance(error, AzureError):
            return unavailable(self._dependency, error)
        _log.warning("%s: %s", self._dependency, type(error).__name__)
        return UnavailableError(dependency=self._dependency, retry_after=1)


def _whole(item: Item, id_: str) -> Item:
    """Return what was answered if it is the item; ValueError if it is something else."""
    if item.get("id") != id_ or "_etag" not in item:
        raise ValueError("an answer that is not the item asked for")
    return item


def _is_answer(error: BaseException) -> bool:
    if not isinstance(error, HttpResponseError) or error.status_code not in _ANSWERS:
        return False
    return getattr(error, "sub_status", None) != _SPLIT_OFF


def _pause(error: BaseException, attempt: int) -> float:
    """Return how long to wait, in seconds: as long as was asked, or longer each time."""
    headers = getattr(error, "headers", None)
    if isinstance(headers, Mapping) and "x-ms-retry-after-ms" in headers:
        return asked_to_wait(headers)
    longest = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2**attempt)
    return random.uniform(longest / 2, longest)  # noqa: S311 - spreads out, hides nothing
