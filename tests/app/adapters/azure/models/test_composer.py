"""A chat model over the wire: what it says, what it costs, every way in which it lets us down."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from openai import AsyncOpenAI

from app.adapters.azure.models import ChatComposer, ModelResource, open_client
from app.core.errors import EvaError, UnavailableError
from app.core.ports import Claim, ComposingFailedError, Found, Material, Spent, Support
from tests.app.core.passages import ranked
from tests.peers.models import CHAT, KEY
from tests.peers.programs import Running

LOANS = ranked("# Loans\n\nA loan lasts three weeks. It can be renewed twice.", start=40)
POOLS = ranked("The pool opens at noon.", document_id="doc_2")


def asked(question: str) -> Material:
    found = Found(terms=(), candidates=(), passages_searched=2)
    return Material(question=question, language="en", found=found, ranked=(LOANS, POOLS))


def answering(answered: Callable[[httpx2.Request], httpx2.Response]) -> AsyncOpenAI:
    """A client of a service that answers so."""
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(answered))
    return AsyncOpenAI(base_url="http://a.example", api_key="k", http_client=http, max_retries=0)


class Halting(httpx2.AsyncByteStream):
    """An answer that stops after its first sentence, and never ends."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield f"data: {json.dumps(chunk(content=SAID))}\n\n".encode()
        await asyncio.Event().wait()


@pytest.fixture
def composer(client: AsyncOpenAI) -> ChatComposer:
    return ChatComposer(client=client, deployment=CHAT)


async def told(composer: ChatComposer, question: str) -> list[Claim | Spent]:
    return [one async for one in composer.compose(asked(question))]


async def claims(composer: ChatComposer, question: str) -> list[Claim]:
    return [one for one in await told(composer, question) if isinstance(one, Claim)]


async def test_a_sentence_rests_on_the_span_that_it_quotes(composer: ChatComposer) -> None:
    [first, *_] = await claims(composer, "How many weeks does a loan last?")
    quote = "A loan lasts three weeks."
    assert first == Claim(text=quote, supports=(Support(index=0, start=49, end=74, quote=quote),))


async def test_what_was_read_and_written_is_told_last(composer: ChatComposer) -> None:
    *_, spent = await told(composer, "How many weeks does a loan last?")
    assert isinstance(spent, Spent)
    assert spent.prompt_tokens > 100
    assert 10 < spent.completion_tokens < 100


async def test_blanks_that_were_copied_otherwise_do_not_lose_the_quote(
    composer: ChatComposer,
) -> None:
    [first, *_] = await claims(composer, "peer:respaced How many weeks does a loan last?")
    assert first.supports[0].quote == "A loan lasts three weeks."
    assert (first.supports[0].start, first.supports[0].end) == (49, 74)


@pytest.mark.parametrize(("peer", "index"), [("liar", 0), ("stray", 98)])
async def test_a_quote_that_was_made_up_stands_nowhere(
    composer: ChatComposer, peer: str, index: int
) -> None:
    [only] = await claims(composer, f"peer:{peer}")
    [support] = only.supports
    assert (support.index, support.start, support.end) == (index, -1, -1)


async def test_a_model_that_finds_nothing_says_nothing(composer: ChatComposer) -> None:
    assert await claims(composer, "peer:silent") == []


@pytest.mark.parametrize(
    ("peer", "reason"),
    [
        ("filtered", "content-filter"),
        ("stopped", "content-filter"),
        ("cut-off", "length"),
        ("unfinished", "malformed"),
        ("prose", "malformed"),
        ("page", "malformed"),
        ("other-form", "malformed"),
        ("endless", "malformed"),
    ],
)
async def test_an_answer_that_is_none_is_refused_with_its_reason(
    composer: ChatComposer, peer: str, reason: str
) -> None:
    with pytest.raises(ComposingFailedError) as caught:
        await told(composer, f"peer:{peer} How many weeks does a loan last?")
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("peer", "retry_after"), [("throttled", 7), ("broken", 1), ("unauthorised", 1), ("torn", 1)]
)
async def test_a_model_that_is_down_is_unavailable_for_as_long_as_it_says(
    composer: ChatComposer, peer: str, retry_after: int
) -> None:
    with pytest.raises(UnavailableError) as caught:
        await told(composer, f"peer:{peer} How many weeks does a loan last?")
    assert caught.value.facts == {"dependency": "model", "retry_after": retry_after}


async def test_an_answer_that_takes_too_long_is_given_up(composer: ChatComposer) -> None:
    hasty = replace(composer, deadline_s=0.2)
    with pytest.raises(UnavailableError) as caught:
        await told(hasty, "peer:slow How many weeks does a loan last?")
    assert caught.value.facts["dependency"] == "model"


async def test_sentences_come_while_the_model_still_writes() -> None:
    async with answering(lambda _: httpx2.Response(200, stream=Halting())) as client:
        stream = ChatComposer(client=client, deployment=CHAT).compose(asked("Anyone?"))
        while not isinstance(first := await anext(aiter(stream)), Claim):
            assert first.estimated
        tasks = asyncio.all_tasks()
        running = [one for one in tasks if "ChatComposer._write" in str(one.get_coro())]
        assert len(running) == 1  # and whoever stops listening stops it
        await stream.aclose()  # type: ignore[attr-defined]
        assert running[0].done()


async def test_nobody_at_the_address_is_unavailable() -> None:
    resource = ModelResource(endpoint="http://127.0.0.1:9", key=KEY)
    async with open_client(resource) as client:
        with pytest.raises(UnavailableError) as caught:
            await told(ChatComposer(client=client, deployment=CHAT), "Anyone?")
    assert caught.value.facts["dependency"] == "model"


async def test_a_resource_without_the_v1_endpoint_is_asked_by_its_api_version(
    models: Running,
) -> None:
    resource = ModelResource(endpoint=models.url, key=KEY, api_version="2025-04-01-preview")
    async with open_client(resource) as client:
        composer = ChatComposer(client=client, deployment=CHAT)
        assert await claims(composer, "How many weeks does a loan last?")


async def test_without_a_key_or_an_identity_nothing_is_opened() -> None:
    with pytest.raises(ValueError, match="needs a key or an identity"):
        async with open_client(ModelResource(endpoint="http://127.0.0.1:9")):
            pass


async def test_calls_travel_over_a_transport_that_bears_many_at_once(client: AsyncOpenAI) -> None:
    assert type(client._client._transport).__name__ == "AiohttpTransport"
    assert client.max_retries == 0  # whoever calls knows what may be repeated


async def test_a_model_is_offered_no_tool_and_cannot_act() -> None:
    sent: list[dict[str, Any]] = []

    def answered(request: httpx2.Request) -> httpx2.Response:
        sent.append(json.loads(request.content))
        return httpx2.Response(400, json={"error": {"message": "no"}})

    async with answering(answered) as client:
        with pytest.raises(EvaError):
            await told(ChatComposer(client=client, deployment=CHAT), "Delete everything.")
    [request] = sent
    assert not {"tools", "tool_choice", "functions"} & request.keys()
    assert request["response_format"]["json_schema"]["strict"] is True


async def heard(*chunks: Any) -> list[Claim | Spent]:
    """Return what is made of an answer that comes in these chunks."""
    text = "".join(f"data: {json.dumps(one)}\n\n" for one in chunks) + "data: [DONE]\n\n"
    async with answering(lambda _: httpx2.Response(200, text=text)) as client:
        return await told(ChatComposer(client=client, deployment=CHAT), "Anyone?")


def chunk(**delta: object) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": None}], "usage": None}


SAID = '{"sentences": [{"text": "It lasts.", "citations": []}]}'
ENDED = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
USED = {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 2}}


async def test_what_a_filter_says_between_the_words_is_passed_over() -> None:
    asked_first = {"choices": [], "prompt_filter_results": [{"prompt_index": 0}]}
    about_words = {"choices": [{"index": 0, "content_filter_results": {"hate": {}}}]}
    found = await heard(asked_first, chunk(content=SAID), about_words, ENDED, USED)
    assert [one for one in found if isinstance(one, Claim)] == [
        Claim(text="It lasts.", supports=())
    ]


async def test_what_was_spent_is_estimated_until_the_model_says_it() -> None:
    began, before, claim, at_last = await heard(chunk(content=SAID), ENDED, USED)
    assert isinstance(began, Spent)
    assert began.prompt_tokens > 100  # the rules alone are more
    assert began == replace(began, completion_tokens=0, estimated=True)
    assert before == replace(began, completion_tokens=len(SAID) // 4)
    assert claim == Claim(text="It lasts.", supports=())
    assert at_last == Spent(prompt_tokens=7, completion_tokens=2)


@pytest.mark.parametrize(
    "other",
    [
        [],
        "words",
        {},
        {"choices": None},
        {"choices": ["words"]},
        {"choices": [{"delta": "words"}]},
        chunk(content=1),
        {"choices": [], "usage": {"prompt_tokens": 7}},
        {"choices": [], "usage": {"prompt_tokens": "7", "completion_tokens": 2}},
    ],
    ids=range(9),
)
async def test_a_chunk_of_another_form_is_no_answer(other: Any) -> None:
    with pytest.raises(ComposingFailedError) as caught:
        await heard(chunk(content=SAID), other, ENDED)
    assert caught.value.reason == "malformed"


async def test_a_model_that_refuses_is_not_heard_further() -> None:
    with pytest.raises(ComposingFailedError) as caught:
        await heard(chunk(refusal="I can't help with that."), chunk(content=SAID), ENDED)
    assert caught.value.reason == "refused"


async def test_a_fault_that_is_told_in_the_middle_is_an_outage() -> None:
    with pytest.raises(UnavailableError) as caught:
        await heard(chunk(content="{"), {"error": {"message": "overloaded"}})
    assert caught.value.facts["dependency"] == "model"
