import json

from hypothesis import given
from hypothesis import strategies as st

from app.adapters.azure.models.prompt import messages
from app.core.ports import Found, Material
from tests.app.core.passages import ranked

NOTHING = Found(terms=(), candidates=(), passages_searched=0)
TEXTS = st.text(min_size=1)


@given(TEXTS, st.lists(TEXTS, min_size=1, max_size=3))
def test_whatever_a_question_or_a_passage_says_is_data_in_its_place(
    question: str, texts: list[str]
) -> None:
    passages = tuple(ranked(text) for text in texts)
    material = Material(question=question, language="fr", found=NOTHING, ranked=passages)
    system, user = messages(material)
    said = json.loads(user["content"])
    assert said["question"] == question
    assert said["answer_in"] == "French"
    assert [(one["number"], one["text"]) for one in said["passages"]] == list(enumerate(texts, 1))
    plain = Material(question="?", language="en", found=NOTHING, ranked=())
    assert system == messages(plain)[0]  # the rules do not depend on what anybody wrote
    assert [system["role"], user["role"]] == ["system", "user"]
