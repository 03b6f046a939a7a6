"""txtai's API over an index of BM25 only, with the texts kept: no vectors, no answer composed."""

import contextlib
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from api_corpus import Corpus
from api_load import request
from api_processes import free_port, start
from peers.standing import Question, Standing, client, folder, need

_CONFIG = "writable: true\nembeddings:\n  keyword: true\n  content: true\n"


@contextlib.contextmanager
def stand(corpus: Corpus, questions: Sequence[str], root: Path) -> Iterator[Standing]:
    at, port = folder(root, "txtai"), free_port()
    (at / "config.yml").write_text(_CONFIG)
    command = [need("txtai", "uvicorn"), "txtai.api:app", "--port", str(port), "--no-access-log"]
    offline = {"CONFIG": str(at / "config.yml"), "HF_HUB_OFFLINE": "1", "HOME": str(at)}
    with start("txtai", command, port, at / "log", offline) as server, client(port) as http:
        server.ready("/openapi.json", within=120)
        began = time.perf_counter()
        http.post("/add", json=[{"id": n, "text": text} for n, text in enumerate(corpus.chunks)])
        http.get("/index")
        took, held = time.perf_counter() - began, http.get("/count").json()
        asked = tuple(request("GET", f"/search?query={quote(q)}&limit=5", {}) for q in questions)
        yield Standing("txtai", server, took, held, [Question("BM25", "5 passages", asked, _sound)])


def _sound(body: str) -> bool:
    found = json.loads(body)
    return len(found) > 0 and all(one["text"] for one in found)
