"""Answers written by a chat model, sentence by sentence as they come."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from openai import AsyncOpenAI, AsyncStream
from openai.types.chat import ChatCompletionChunk

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

    async def _ask(self, material: Material) -> AsyncStream[ChatCompletionChunk]:
        asked: Any = {
            "messages": prompt.messages(material),
            "response_format": prompt.ANSWER_FORM,
        }
        found: AsyncStream[ChatCompletionChunk] = await self.client.chat.completions.create(
            model=self.deployment,
            max_completion_tokens=self.most_tokens,
            stream=True,
            stream_options={"include_usage": True},
            **asked,
        )
        return found


def _counting(call: genai.ModelCall, tell: Tell) -> Tell:
    """Return what tells, and notes the tokens of the call."""

    def told(one: Claim | Spent) -> None:
        if isinstance(one, Spent):
            call.input_tokens, call.output_tokens = one.prompt_tokens, one.completion_tokens
        tell(one)

    return told


async def _follow(chunks: AsyncStream[ChatCompletionChunk], material: Material, tell: Tell) -> None:
    """Tell of what the model writes; ComposingFailedError where it does not end as it should."""
    reader, ending = SentenceReader(), None
    try:
        async for chunk in chunks:
            if chunk.usage is not None:
                spent = chunk.usage
                tell(
                    Spent(
                        prompt_tokens=spent.prompt_tokens,
                        completion_tokens=spent.completion_tokens,
                    )
                )
            for choice in chunk.choices:
                if choice.delta.refusal:
                    raise ComposingFailedError("refused")
                for said in reader.feed(choice.delta.content or ""):
                    tell(_claim(said, material))
                ending = choice.finish_reason or ending
    except (AttributeError, TypeError) as error:  # a chunk of another form: the SDK checks none
        raise ComposingFailedError("malformed") from error
    _require_whole(ending)
    reader.finish()


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
