import base64
import json
from typing import Any

import httpx2
import numpy as np
import pytest
from openai import AsyncOpenAI

from app.adapters.azure.models import AzureEmbedder
from app.core.errors import UnavailableError
from tests.peers.models import DIMENSIONS, EMBEDDING

LOANS = "A loan lasts three weeks."


@pytest.fixture
def embedder(client: AsyncOpenAI) -> AzureEmbedder:
    return AzureEmbedder(client=client, deployment=EMBEDDING, dimensions=DIMENSIONS)


async def test_what_is_alike_is_near_and_what_is_not_is_far(embedder: AzureEmbedder) -> None:
    near, far = await embedder.embed_passages([LOANS, "The pool opens at noon."])
    question = await embedder.embed_question("How many weeks does a loan last?")
    assert near @ question > 0.3
    assert abs(far @ question) < 0.2


async def test_many_texts_keep_their_order_and_lengths_of_one(embedder: AzureEmbedder) -> None:
    texts = [f"word{number} again" for number in range(150)] + ["", "x" * 100_000]
    vectors = await embedder.embed_passages(texts)
    assert vectors.shape == (152, DIMENSIONS)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert np.array_equal(vectors[149], await embedder.embed_question(texts[149]))


def test_vectors_of_another_size_are_another_models(client: AsyncOpenAI) -> None:
    names = {AzureEmbedder(client=client, deployment="e", dimensions=n).model for n in (256, 512)}
    assert names == {"e/256", "e/512"}


def answering(body: Any) -> AsyncOpenAI:
    """A client of a service that always gives this answer."""
    text = body if isinstance(body, str) else json.dumps(body)
    headers = {"content-type": "application/json"}
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, text=text, headers=headers))
    http = httpx2.AsyncClient(transport=transport)
    return AsyncOpenAI(base_url="http://127.0.0.1:9/", api_key="k", http_client=http, max_retries=0)


def rows(*vectors: list[float] | None) -> dict[str, Any]:
    data = [{"object": "embedding", "index": n, "embedding": v} for n, v in enumerate(vectors)]
    return {"object": "list", "data": data, "model": "e", "usage": {"prompt_tokens": 1}}


@pytest.mark.parametrize(
    "body",
    [
        "<!doctype html>",
        "{",
        [],
        {},
        {"data": None},
        rows(),
        rows([1.0, 0.0], [1.0, 0.0]),
        rows([1.0]),
        rows([0.0, 0.0]),
        rows(None),
        '{"data":[{"index":0,"embedding":[NaN,1]}]}',
        {"data": [{"embedding": [1.0, 0.0]}]},
        {**rows([1.0, 0.0]), "usage": None},
        {"data": [{"index": 0, "embedding": "no base64"}], "usage": {"prompt_tokens": 1}},
        {"data": [{"index": 0, "embedding": "AACAPw=="}], "usage": {"prompt_tokens": 1}},
    ],
    ids=range(15),
)
async def test_an_answer_without_the_vectors_asked_for_is_none(body: Any) -> None:
    async with answering(body) as client:
        embedder = AzureEmbedder(client=client, deployment="e", dimensions=2)
        with pytest.raises(UnavailableError) as caught:
            await embedder.embed_question(LOANS)
    assert caught.value.facts["dependency"] == "embeddings"


async def test_numbers_are_read_as_bytes_and_one_by_one() -> None:
    in_bytes = base64.b64encode(np.array([3.0, 4.0], "<f4").tobytes()).decode()
    for told in (in_bytes, [3.0, 4.0]):
        body = {"data": [{"index": 0, "embedding": told}], "usage": {"prompt_tokens": 1}}
        async with answering(body) as client:
            found = await AzureEmbedder(client=client, deployment="e", dimensions=2).embed_passages(
                [LOANS]
            )
        assert np.allclose(found, [[0.6, 0.8]])
