"""open-webui: files uploaded, questions answered with sources; the model is a stub on loopback.

The stub embeds and answers at once, so what is measured is open-webui. Its own CPU is not counted.
Query generation, which would ask the model once more for each question, is off.
"""

import contextlib
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx2
from api_corpus import Corpus
from api_load import request
from api_processes import Server, free_port, start
from peers.standing import Question, Standing, client, folder, need


@contextlib.contextmanager
def stand(corpus: Corpus, questions: Sequence[str], root: Path) -> Iterator[Standing]:
    at = folder(root, "open-webui")
    need("open-webui", "open-webui")
    with _stub(at) as stub, _serve(at, stub.port) as server:
        with client(server.port) as http:
            signed = http.post("/api/v1/auths/signin", json={"email": "", "password": ""}).json()
        auth = {"Authorization": f"Bearer {signed['token']}"}
        with client(server.port, **auth) as http:
            http.get("/api/models")
            began = time.perf_counter()
            knowledge = _upload(http, corpus)
            took = time.perf_counter() - began
        asked = [_retrieval(questions, knowledge, auth), _chat(questions, knowledge, auth)]
        yield Standing("open-webui", server, took, len(corpus.chunks), asked)


def _stub(at: Path) -> Server:
    port, here = free_port(), str(Path(__file__).parent)
    command = [sys.executable, "-m", "uvicorn", "--app-dir", here, "stub_openai:app"]
    server = start(
        "stub", [*command, "--port", str(port), "--no-access-log"], port, at / "stub.log"
    )
    server.ready("/v1/models")
    return server


def _serve(at: Path, stub: int) -> Server:
    port, model = free_port(), f"http://127.0.0.1:{stub}/v1"
    command = [
        need("open-webui", "open-webui"),
        "serve",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    server = start("open-webui", command, port, at / "log", _environment(at, model))
    server.ready("/health", within=180)
    return server


def _environment(at: Path, model: str) -> dict[str, str]:
    return {
        "HOME": str(at),
        "DATA_DIR": str(at / "data"),
        "WEBUI_AUTH": "False",
        "WEBUI_SECRET_KEY": "benchmark",  # pragma: allowlist secret
        "OFFLINE_MODE": "true",
        "HF_HUB_OFFLINE": "1",
        "ENABLE_OLLAMA_API": "false",
        "OPENAI_API_BASE_URL": model,
        "OPENAI_API_KEY": "stub",  # pragma: allowlist secret
        "RAG_EMBEDDING_ENGINE": "openai",
        "RAG_EMBEDDING_MODEL": "stub",
        "RAG_OPENAI_API_BASE_URL": model,
        "RAG_OPENAI_API_KEY": "stub",  # pragma: allowlist secret
        "RAG_EMBEDDING_BATCH_SIZE": "64",
        "RAG_TOP_K": "5",
        "ENABLE_RETRIEVAL_QUERY_GENERATION": "false",
        "ENABLE_VERSION_UPDATE_CHECK": "false",
        "ANONYMIZED_TELEMETRY": "false",
        "DO_NOT_TRACK": "true",
        "SCARF_NO_ANALYTICS": "true",
        "GLOBAL_LOG_LEVEL": "WARNING",
    }


def _upload(http: httpx2.Client, corpus: Corpus) -> str:
    """Upload the corpus as files into one collection; return the collection's id."""
    told = {"name": "bench", "description": "bench"}
    knowledge = str(http.post("/api/v1/knowledge/create", json=told).json()["id"])
    wait = {"process_in_background": "false"}
    for name, text in corpus.documents():
        file = {"file": (name, text.encode(), "text/plain")}
        made = http.post("/api/v1/files/", params=wait, files=file).json()["id"]
        http.post(f"/api/v1/knowledge/{knowledge}/file/add", json={"file_id": made})
    return knowledge


def _retrieval(questions: Sequence[str], knowledge: str, auth: dict[str, str]) -> Question:
    path = "/api/v1/retrieval/query/collection"
    bodies = ({"collection_names": [knowledge], "query": q, "k": 5} for q in questions)
    asked = tuple(request("POST", path, auth, body) for body in bodies)
    return Question("retrieval", "5 passages; embeds by stub", asked, _has_passages)


def _chat(questions: Sequence[str], knowledge: str, auth: dict[str, str]) -> Question:
    files = [{"type": "collection", "id": knowledge}]
    asked = []
    for question in questions:
        told = [{"role": "user", "content": question}]
        body = {"model": "stub", "stream": False, "messages": told, "files": files}
        asked.append(request("POST", "/api/chat/completions", auth, body))
    return Question("chat", "answer with sources; model is a stub", tuple(asked), _has_sources)


def _has_passages(body: str) -> bool:
    return len(json.loads(body)["documents"][0]) > 0


def _has_sources(body: str) -> bool:
    told = json.loads(body)
    return bool(told["choices"][0]["message"]["content"]) and bool(told["sources"][0]["document"])
