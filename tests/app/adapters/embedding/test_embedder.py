"""An operator's model: what it makes of texts, and what is said of one that can't be used."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest

from app.adapters.embedding import OnnxEmbedder, UnusableEmbedderError, open_embedder
from tests.app.adapters.embedding.tiny_model import MEANINGS, write_model


@pytest.fixture
async def embedder(tmp_path: Path) -> AsyncIterator[OnnxEmbedder]:
    async with open_embedder(write_model(tmp_path / "model"), languages=("en",)) as opened:
        yield opened


async def name(folder: Path) -> str:
    async with open_embedder(folder, languages=("en",)) as opened:
        return opened.model


def write(folder: Path, path: str, said: object) -> None:
    (folder / path).parent.mkdir(exist_ok=True)
    (folder / path).write_text(json.dumps(said))


async def test_words_of_one_meaning_are_near_each_other(embedder: OnnxEmbedder) -> None:
    car, automobile, dog = await embedder.embed_passages(["the car", "automobile", "the dog"])
    assert car @ automobile > 0.95
    assert car @ dog < 0.2


async def test_every_vector_has_the_length_1_and_the_place_of_its_text(
    embedder: OnnxEmbedder,
) -> None:
    words = list(MEANINGS)
    texts = [" ".join([words[n % len(words)]] * (1 + n * 7 % 23)) for n in range(50)]
    vectors = await embedder.embed_passages(texts)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    for text, vector in zip(texts, vectors, strict=True):
        assert np.allclose(vector, await embedder.embed_question(text), atol=1e-6)


async def test_a_text_of_unknown_words_has_a_vector_of_zeros(embedder: OnnxEmbedder) -> None:
    assert not (await embedder.embed_question("zanzibar")).any()


async def test_a_question_is_embedded_once_for_all_its_spaces(embedder: OnnxEmbedder) -> None:
    first = await embedder.embed_question("the car")
    for number in range(70):
        assert await embedder.embed_question("the car") is first or number > 60
        await embedder.embed_question(f"dog {number}")
    assert np.allclose(await embedder.embed_question("the car"), first)


async def test_a_question_does_not_wait_for_passages(embedder: OnnxEmbedder) -> None:
    long = asyncio.create_task(embedder.embed_passages(["the car"] * 20_000))
    await asyncio.sleep(0)
    await embedder.embed_question("dog")
    assert not long.done()
    assert len(await long) == 20_000


async def test_the_first_token_stands_for_the_text_where_the_export_says_so(tmp_path: Path) -> None:
    folder = write_model(tmp_path)
    write(folder, "1_Pooling/config.json", {"pooling_mode_cls_token": True})
    async with open_embedder(folder, languages=("en",)) as opened:
        [first, second] = await opened.embed_passages(["car dog dog", "car"])
        assert np.allclose(first, second)


async def test_prompts_and_the_longest_length_are_those_of_the_export(tmp_path: Path) -> None:
    folder = write_model(tmp_path)
    prompts = {"query": "dog ", "document": "car "}
    write(folder, "config_sentence_transformers.json", {"prompts": prompts})
    write(folder, "sentence_bert_config.json", {"max_seq_length": 1})
    async with open_embedder(folder, languages=("en",)) as opened:
        [passage] = await opened.embed_passages(["hound"])
        question = await opened.embed_question("automobile")
    assert np.allclose(passage, MEANINGS["car"])
    assert np.allclose(question, MEANINGS["dog"])


async def test_a_model_has_another_name_if_anything_changes_its_vectors(tmp_path: Path) -> None:
    plain = write_model(tmp_path / "plain")
    names = [await name(plain), await name(write_model(tmp_path / "same"))]
    assert names[0] == names[1]
    names.append(await name(write_model(tmp_path / "weights", {**MEANINGS, "dog": (0, 2, 0, 1)})))
    names.append(await name(write_model(tmp_path / "words", {"cat": (0, 2, 0, 1), **MEANINGS})))
    for path, said in (
        ("1_Pooling/config.json", {"pooling_mode": "cls"}),
        ("sentence_bert_config.json", {"max_seq_length": 8}),
        ("config_sentence_transformers.json", {"prompts": {"document": "the "}}),
    ):
        write(plain, path, said)
        names.append(await name(plain))
    (plain / "model.onnx_data").write_bytes(b"weights that lie beside")
    names.append(await name(plain))
    assert len(set(names)) == len(names) - 1


def _no_folder(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "no folder": (_no_folder, "it needs tokenizer.json, and model.onnx"),
    "no model": (lambda f: (f / "model.onnx").unlink(), "it needs tokenizer.json, and model.onnx"),
    "no tokenizer": (
        lambda f: (f / "tokenizer.json").unlink(),
        "it needs tokenizer.json, and model.onnx",
    ),
    "no ONNX": (
        lambda f: (f / "model.onnx").write_bytes(b"\0 no model"),
        "model.onnx can't be used",
    ),
    "no tokenizer inside": (
        lambda f: (f / "tokenizer.json").write_text("{}"),
        "model.onnx can't be used",
    ),
    "words beyond the table": (
        lambda f: (f / "tokenizer.json").write_text(
            (f / "tokenizer.json").read_text().replace('"[UNK]": 1', '"[UNK]": 99')
        ),
        "model.onnx can't be used",
    ),
    "no vectors": (
        lambda f: write_model(f, operator="Identity"),
        "gives no vector of one length for each text",
    ),
    "vectors of no number": (
        lambda f: write_model(f, {"one": (float("nan"), 1)}),
        "gives no vector of one length for each text",
    ),
    "another pooling": (
        lambda f: write(f, "1_Pooling/config.json", {"pooling_mode_max_tokens": True}),
        "asks for the pooling 'pooling_mode_max_tokens'; mean and cls can be done",
    ),
    "a length that is none": (
        lambda f: write(f, "sentence_bert_config.json", {"max_seq_length": "long"}),
        "max_seq_length is no length",
    ),
    "no object": (lambda f: write(f, "sentence_bert_config.json", [1]), "is no JSON object"),
    "no JSON": (
        lambda f: (f / "sentence_bert_config.json").write_text("{"),
        "sentence_bert_config.json can't be read",
    ),
}


@pytest.mark.parametrize(("spoil", "said"), BROKEN.values(), ids=BROKEN)
async def test_what_cannot_be_used_is_refused_with_the_reason(
    tmp_path: Path, spoil: Callable[[Path], object], said: str
) -> None:
    folder = write_model(tmp_path / "model")
    spoil(folder)
    with pytest.raises(UnusableEmbedderError, match="EVA_EMBEDDER_DIR") as refused:
        async with open_embedder(folder, languages=("en",)):
            pass
    assert said in str(refused.value)


async def test_missing_libraries_are_named_with_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UnusableEmbedderError, match=r"uv sync --extra embedder.*onnxruntime"):
        async with open_embedder(write_model(tmp_path), languages=("en",)):
            pass
