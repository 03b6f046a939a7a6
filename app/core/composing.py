"""Having an answer written: by the composer chosen, or by another where that one can't."""

import logging
from collections.abc import AsyncIterator

from app.core.errors import UnavailableError
from app.core.models import Usage
from app.core.ports import Claim, Composer, ComposingFailedError, Material, Spent

_log = logging.getLogger("eva.composing")


class Composing:
    """The writing of one answer. It tells who writes, and what that has cost so far."""

    def __init__(self, composer: Composer, fallback: Composer | None = None) -> None:
        self.name = composer.name
        self.degraded = False
        self._composer = composer
        self._fallback = fallback
        self._spent = Spent(prompt_tokens=0, completion_tokens=0)

    async def claims(self, material: Material) -> AsyncIterator[Claim]:
        """Yield the answer's sentences.

        Where the composer fails before the first, the fallback writes all; after that, what was
        said stands, and nothing is added. Without a fallback the failure is the caller's.
        """
        said = False
        try:
            async for one in self._composer.compose(material):
                if isinstance(one, Spent):
                    self._spent = one
                else:
                    said = True
                    yield one
        except (ComposingFailedError, UnavailableError) as error:
            if self._fallback is None:
                raise
            _log.warning("%s could not write an answer: %s", self.name, error)
            self.degraded = True
        if self.degraded and self._fallback is not None and not said:
            self.name = self._fallback.name
            async for one in self._fallback.compose(material):
                if isinstance(one, Claim):
                    yield one

    def usage(self, passages: int = 0) -> Usage:
        """Return what was spent, on an answer from so many passages."""
        return Usage(
            prompt_tokens=self._spent.prompt_tokens,
            completion_tokens=self._spent.completion_tokens,
            passages=passages,
        )
