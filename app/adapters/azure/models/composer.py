"""Answers written by a chat model, sentence by sentence as they come."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from operator import index
from typing import Any, TypeAlias

from openai import AsyncOpenAI, AsyncStream

from app.adapters.azure.models import prompt
from app.adapters.azure.models.failing import PROVIDER, model_errors
from app.adapters.azure.models.sentences import Cited, Said, SentenceReader
from app.core import genai
from app.core.ports import Claim, ComposingFailedError, Material, Spent, Support

_DEPENDENCY = "model"
_NOWHERE = -1
Tell: TypeAlias = Callable[[Claim | Spent], None]


@dataclass(slots=True, kw_only=True)
class ChatComposer:
    """`Composer` on a deployment of a chat model; a whole answer may take `deadline_s`."""

    client: AsyncOpenAI
    deployment: str
    deadline_s: float = 30.0
    most_tokens: int = 1500
    name: str = "model"

    async def compose(self, material: Material) -> AsyncIterator[Claim | Spent]:
        """Yield sentences while the model writes; whoever stops reading stops the model."""
        told: asyncio.Queue[Claim | Spent | None] = asyncio.Queue()
        writing = asyncio.create_task(self._write(material, told))
        try:
            while (one := await told.get()) is not None:
                yield one
            await writing
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)

    async def _write(self, material: Material, told: asyncio.Queue[Claim | Spent | None]) -> None:
        """Tell of the sentences and the tokens; of None at the end, however it came."""
        try:
            with (
                genai.calling("chat", self.deployment, provider=PROVIDER) as call,
                model_errors(_DEPENDENCY),
            ):
                async with asyncio.timeout(self.deadline_s), await self._ask(material) as chunks:
                    await _follow(chunks, material, _counting(call, told.put_nowait))
        finally:
            told.put_nowait(None)

    async def _ask(self, material: Material) -> AsyncStream[object]:
        """Return the chunks as JSON says them: the SDK's models cost more, and check no form."""
        return await self.client.post(
            "/chat/completions",
            cast_to=object,
            body={
                "model": self.deployment,
                "messages": prompt.messages(material),
                "response_format": prompt.ANSWER_FORM,
                "max_completion_tokens": self.most_tokens,
                "stream": True,
                "stream_options": {"include_usage": True},
            },
            options={"security": {"bearer_auth": True}},
            stream=True,
            stream_cls=AsyncStream[object],
        )


def _counting(call: genai.ModelCall, tell: Tell) -> Tell:
    """Return what tells, and notes the tokens of the call."""

    def told(one: Claim | Spent) -> None:
        if isinstance(one, Spent):
            call.input_tokens, call.output_tokens = one.prompt_tokens, one.completion_tokens
        tell(one)

    return told


async def _follow(chunks: AsyncIterator[Any], material: Material, tell: Tell) -> None:
    """Tell of what the model writes; ComposingFailedError where it does not end as it should."""
    reader, ending = SentenceReader(), None
    try:
        async for chunk in chunks:
            if spent := chunk.get("usage"):
                tell(_spent(spent))
            for choice in chunk["choices"]:
                delta = choice.get("delta") or {}  # none where a filter speaks
                if delta.get("refusal"):
                    raise ComposingFailedError("refused")
                for said in reader.feed(delta.get("content") or ""):
                    tell(_claim(said, material))
                ending = choice.get("finish_reason") or ending
    except (AttributeError, LookupError, TypeError) as error:  # a chunk of another form
        raise ComposingFailedError("malformed") from error
    _require_whole(ending)
    reader.finish()


def _spent(usage: Mapping[str, Any]) -> Spent:
    return Spent(
        prompt_tokens=index(usage["prompt_tokens"]),
        completion_tokens=index(usage["completion_tokens"]),
    )


def _require_whole(ending: str | None) -> None:
    """Raise ComposingFailedError for an answer that was broken off."""
    if ending == "content_filter":
        raise ComposingFailedError("content-filter")
    if ending == "length":
        raise ComposingFailedError("length")


def _claim(said: Said, material: Material) -> Claim:
    return Claim(text=said.text, supports=tuple(_support(one, material) for one in said.citations))


def _support(cited: Cited, material: Material) -> Support:
    """Find where the quote stands, however its blanks were copied; a made-up one stands nowhere."""
    index, words = cited.passage - 1, cited.quote.split()
    if words and 0 <= index < len(material.ranked):
        passage = material.ranked[index].candidate.passage
        if found := re.search(r"\s+".join(map(re.escape, words)), passage.text):
            start = passage.span.start + found.start()
            return Support(index=index, start=start, end=start + len(found[0]), quote=found[0])
    return Support(index=index, start=_NOWHERE, end=_NOWHERE, quote=cited.quote)
