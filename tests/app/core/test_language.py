import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.language import STOP_WORDS, detect, fold, french_odds

FRENCH = (
    "Quel est le délai ?",
    "quel est le delai",
    "QUI PEUT VOTER ?",
    "Où déposer une plainte ?",
    "Combien de jours ?",
    "Qu\u2019est-ce que la TVA ?",
    "Puis-je travailler de la maison ?",
    "Comment annuler ?",
    "assurance maladie",
    "horaires bibliothèque",
    "Pourquoi",
    "L'article 12 s'applique-t-il ?",
)
ENGLISH = (
    "What is the deadline?",
    "what's the deadline",
    "WHO CAN VOTE?",
    "Where do I file a complaint?",
    "How many days?",
    "What is VAT?",
    "Can I work from home?",
    "vacation policy",
    "opening hours",
    "Why",
    "Does article 12 apply?",
)


@pytest.mark.parametrize("question", FRENCH)
def test_a_short_french_question_is_french(question: str) -> None:
    assert detect(question, default="en") == "fr"


@pytest.mark.parametrize("question", ENGLISH)
def test_a_short_english_question_is_english(question: str) -> None:
    assert detect(question, default="fr") == "en"


@pytest.mark.parametrize("text", ["", " \n", "2024-11-22", "12 %"])
@pytest.mark.parametrize("default", ["en", "fr"])
def test_a_text_that_tells_nothing_takes_the_default(text: str, default: str) -> None:
    assert detect(text, default) == default


def test_decomposed_accents_and_curly_apostrophes_count_like_composed_ones() -> None:
    assert french_odds("De\u0301lai pre\u0301vu\u00a0: l\u2019e\u0301te\u0301") == french_odds(
        "Délai prévu\u00a0: l'été"
    )


def test_a_long_text_is_judged_from_all_its_parts() -> None:
    cover = "Ministère de la Santé et des Services sociaux. Rapport annuel. " * 20
    assert detect(cover + "The committee shall report to the minister each year. " * 5000) == "en"


def test_a_french_quotation_does_not_make_an_english_page_french() -> None:
    page = "The minister said \u201cc'est la vie\u201d when she was asked what the plan was. " * 3
    assert detect(page) == "en"


@given(st.text())
def test_any_text_gets_one_of_the_two_languages(text: str) -> None:
    assert detect(text) in ("en", "fr")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_stop_words_are_lower_case_and_listed_with_and_without_accents(language: str) -> None:
    words = STOP_WORDS[language]
    assert all(word == word.lower() and fold(word) in words for word in words)


def test_stop_words_hold_question_words_and_elisions_but_no_word_of_substance() -> None:
    assert {"what", "how", "who", "s", "t", "ll"} <= STOP_WORDS["en"]
    assert {"quel", "comment", "où", "ou", "qu", "l", "d", "jusqu"} <= STOP_WORDS["fr"]
    assert not {"us", "may", "car", "ton", "été", "ete"} & (STOP_WORDS["en"] | STOP_WORDS["fr"])
