"""Answers written by a chat model, sentence by sentence as they come."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import index
from typing import Any

from openai import AsyncOpenAI, AsyncStream

from app.adapters.azure.models import prompt
from app.adapters.azure.models.failing import PROVIDER, model_errors
from app.adapters.azure.models.sentences import Cited, Said, SentenceReader
from app.core import genai
from app.core.ports import Claim, ComposingFailedError, Material, Spent, Support

_DEPENDENCY = "model"
_NOWHERE = -1
_TOKEN_CHARS = 4  # a rule of thumb for English, https://platform.openai.com/tokenizer


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
            messages = prompt.messages(material)
            read = sum(len(one["content"]) for one in messages)
            with (
                genai.calling("chat", self.deployment, provider=PROVIDER) as call,
                model_errors(_DEPENDENCY),
            ):
                async with asyncio.timeout(self.deadline_s), await self._ask(messages) as chunks:
                    await _follow(chunks, material, _Teller(told.put_nowait, call, read))
        finally:
            told.put_nowait(None)

    async def _ask(self, messages: Sequence[Mapping[str, str]]) -> AsyncStream[object]:
        """Return the chunks as JSON says them: the SDK's models cost more, and check no form."""
        return await self.client.post(
            "/chat/completions",
            cast_to=object,
            body={
                "model": self.deployment,
                "messages": messages,
                "response_format": prompt.ANSWER_FORM,
                "max_completion_tokens": self.most_tokens,
                "stream": True,
                "stream_options": {"include_usage": True},
            },
            options={"security": {"bearer_auth": True}},
            stream=True,
            stream_cls=AsyncStream[object],
        )


@dataclass(slots=True)
class _Teller:
    """Tells of an answer, and of what was spent on it so far: estimated until the model says it.

    It says it at the end, if it gets there.
    """

    tell: Callable[[Claim | Spent], None]
    call: genai.ModelCall
    read: int  # characters
    written: int = 0

    def estimate(self) -> None:
        spent = (self.read // _TOKEN_CHARS, self.written // _TOKEN_CHARS)
        self.tell(Spent(prompt_tokens=spent[0], completion_tokens=spent[1], estimated=True))

    def claim(self, claim: Claim) -> None:
        self.estimate()
        self.tell(claim)

    def spent(self, usage: Mapping[str, Any]) -> None:
        read, written = index(usage["prompt_tokens"]), index(usage["completion_tokens"])
        self.call.input_tokens, self.call.output_tokens = read, written
        self.tell(Spent(prompt_tokens=read, completion_tokens=written))


async def _follow(chunks: AsyncIterator[Any], material: Material, teller: _Teller) -> None:
    """Tell of what the model writes; ComposingFailedError where it does not end as it should."""
    reader, ending = SentenceReader(), None
    teller.estimate()
    try:
        async for chunk in chunks:
            if usage := chunk.get("usage"):
                teller.spent(usage)
            for choice in chunk["choices"]:
                delta = choice.get("delta") or {}  # none where a filter speaks
                if delta.get("refusal"):
                    raise ComposingFailedError("refused")
                words = delta.get("content") or ""
                teller.written += len(words)
                for said in reader.feed(words):
                    teller.claim(_claim(said, material))
                ending = choice.get("finish_reason") or ending
    except (AttributeError, LookupError, TypeError) as error:  # a chunk of another form
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
