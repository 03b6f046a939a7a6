"""chromadb's server over given vectors: no embedding, no words, no answer composed."""

import contextlib
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from api_corpus import Corpus
from api_load import request
from api_processes import free_port, start
from peers.standing import Question, Standing, client, folder, need
from peers.stub_openai import vector

_AT = "/api/v2/tenants/default_tenant/databases/default_database/collections"
_BATCH = 500


@contextlib.contextmanager
def stand(corpus: Corpus, questions: Sequence[str], root: Path) -> Iterator[Standing]:
    at, port = folder(root, "chroma"), free_port()
    command = [need("chromadb", "chroma"), "run", "--path", str(at / "data"), "--port", str(port)]
    quiet = {"ANONYMIZED_TELEMETRY": "false", "HOME": str(at)}
    with start("chromadb", command, port, at / "log", quiet) as server, client(port) as http:
        server.ready("/api/v2/heartbeat", within=60)
        made = http.post(_AT, json={"name": "bench"}).json()["id"]
        vectors = [vector(text) for text in corpus.chunks]
        began = time.perf_counter()
        for first in range(0, len(vectors), _BATCH):
            part = slice(first, first + _BATCH)
            ids = [str(n) for n in range(len(vectors))[part]]
            told = {"ids": ids, "embeddings": vectors[part], "documents": corpus.chunks[part]}
            http.post(f"{_AT}/{made}/add", json=told)
        took, held = time.perf_counter() - began, http.get(f"{_AT}/{made}/count").json()
        asked = tuple(request("POST", f"{_AT}/{made}/query", {}, _query(q)) for q in questions)
        says = "5 passages, question's vector given"
        yield Standing("chromadb", server, took, held, [Question("vectors", says, asked, _sound)])


def _query(question: str) -> dict[str, object]:
    include = ["documents", "distances"]
    return {"query_embeddings": [vector(question)], "n_results": 5, "include": include}


def _sound(body: str) -> bool:
    return len(json.loads(body)["documents"][0]) == 5
