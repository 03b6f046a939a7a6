"""A stand-in for an OpenAI server that costs next to nothing: hashed vectors, one fixed answer."""

import zlib
from collections import Counter
from typing import Any

import numpy as np
import orjson
from fastapi import FastAPI, Request, Response

DIMENSIONS = 384
app = FastAPI(openapi_url=None)


def vector(text: str) -> list[float]:
    """Return the unit vector of a text's hashed words; a vector to search by, nothing more."""
    counted = Counter(zlib.crc32(word.encode()) for word in text.lower().split())
    places = np.zeros(DIMENSIONS, np.float32)
    for word, times in counted.items():
        places[word % DIMENSIONS] += times if word >> 31 else -times
    length = float(np.linalg.norm(places)) or 1.0
    return [round(float(one), 5) for one in places / length]


def _json(told: dict[str, Any]) -> Response:
    return Response(orjson.dumps(told), media_type="application/json")


@app.get("/v1/models")
async def models() -> Response:
    model = {"id": "stub", "object": "model", "created": 0, "owned_by": "stub"}
    return _json({"object": "list", "data": [model]})


@app.post("/v1/embeddings")
async def embeddings(request: Request) -> Response:
    wanted = orjson.loads(await request.body())["input"]
    texts = [wanted] if isinstance(wanted, str) else wanted
    found = [
        {"object": "embedding", "index": n, "embedding": vector(t)} for n, t in enumerate(texts)
    ]
    return _json({"object": "list", "model": "stub", "data": found, "usage": {"total_tokens": 0}})


@app.post("/v1/chat/completions")
async def chat() -> Response:
    said = {"role": "assistant", "content": "The sources say so [1]."}
    choice = {"index": 0, "message": said, "finish_reason": "stop"}
    usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    told = {"id": "c", "object": "chat.completion", "created": 0, "model": "stub"}
    return _json(told | {"choices": [choice], "usage": usage})
