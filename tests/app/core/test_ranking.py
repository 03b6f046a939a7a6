"""One ranking out of candidates: scores fused, repetitions dropped, order fixed."""

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.ports import Candidate, Found
from app.core.ranking import coverage, distinct, fuse, merge, term_weight
from tests.app.core.passages import candidate, passage

TERMS = (("passport", 3.0), ("renew", 1.0))
WORDS = st.text(alphabet="abcdefghij ", min_size=1, max_size=40)


@st.composite
def candidates(draw: st.DrawFn) -> list[Candidate]:
    texts = draw(st.lists(WORDS, max_size=12))
    return [
        candidate(
            passage(text, document_id=f"doc_{number}"),
            lexical=round(draw(st.floats(0, 40)), 6),  # smaller ones vanish in another unit
            similarity=draw(st.floats(0, 1)),
            matched=draw(st.sets(st.sampled_from([0, 1]))),  # type: ignore[arg-type]
        )
        for number, text in enumerate(texts)
    ]


def found(*given_: Candidate, terms: tuple[tuple[str, float], ...] = TERMS) -> Found:
    return Found(terms=terms, candidates=given_, passages_searched=len(given_))


@given(candidates(), st.floats(0, 1))
def test_scores_fall_and_stay_between_0_and_1(some: list[Candidate], weight: float) -> None:
    ranked = fuse(found(*some), weight)
    scores = [one.score for one in ranked]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= one.score <= 1 + 1e-9 for one in ranked)
    assert all(0 <= one.coverage <= 1 + 1e-9 for one in ranked)


@given(candidates(), st.randoms(use_true_random=False))
def test_the_order_of_the_candidates_does_not_matter(
    some: list[Candidate], chance: random.Random
) -> None:
    shuffled = chance.sample(some, len(some))
    assert fuse(found(*some)) == fuse(found(*shuffled))


@given(candidates())
def test_no_text_is_ranked_twice_and_none_is_invented(some: list[Candidate]) -> None:
    texts = [one.candidate.passage.text for one in distinct(fuse(found(*some)))]
    assert len(texts) == len(set(texts))
    assert set(texts) <= {one.passage.text for one in some}
    assert bool(texts) == bool(some)


@given(candidates(), st.floats(0.1, 10))
def test_the_unit_of_lexical_scores_does_not_matter(some: list[Candidate], unit: float) -> None:
    scaled = [
        candidate(
            one.passage,
            lexical=one.lexical * unit,
            similarity=one.similarity,
            matched=sorted(one.matched),
        )
        for one in some
    ]
    before, after = fuse(found(*some)), fuse(found(*scaled))
    assert [one.score for one in before] == pytest.approx([one.score for one in after])


def test_weight_0_ranks_by_words_and_weight_1_by_similarity() -> None:
    wordy = candidate(passage("one", document_id="doc_a"), lexical=9.0, similarity=0.1)
    alike = candidate(passage("two", document_id="doc_b"), lexical=3.0, similarity=0.9)
    assert [r.candidate for r in fuse(found(alike, wordy), 0.0)] == [wordy, alike]
    assert [r.candidate for r in fuse(found(alike, wordy), 1.0)] == [alike, wordy]
    [best, other] = fuse(found(alike, wordy), 0.5)
    assert best.score == pytest.approx(0.5 / 3 + 0.45)
    assert other.score == pytest.approx(0.55)


def test_coverage_is_the_share_of_the_weight_that_matches() -> None:
    assert coverage(found(), frozenset({0})) == 0.75
    assert coverage(found(), frozenset({0, 1})) == 1.0
    assert coverage(found(), frozenset()) == 0.0
    assert coverage(found(terms=()), frozenset()) == 0.0


def test_passages_that_overlap_in_one_document_are_ranked_once() -> None:
    long = "A passport is renewed at the counter with two photographs and the old passport."
    first = candidate(passage(long), lexical=2.0)
    second = candidate(passage(long[20:] + " Bring cash.", ordinal=1, start=20), lexical=1.0)
    apart = candidate(passage("Something else entirely.", ordinal=2, start=200), lexical=0.5)
    assert [r.candidate for r in distinct(fuse(found(first, second, apart)))] == [first, apart]


def test_a_copy_with_a_word_changed_is_a_repetition() -> None:
    text = " ".join(f"word{n}" for n in range(40))
    original = candidate(passage(text, document_id="doc_a"), lexical=5.0)
    copy = candidate(passage(f"{text} draft", document_id="doc_b"), lexical=4.9)
    reply = candidate(passage("word1 means something else", document_id="doc_c"), lexical=4.8)
    ranked = fuse(found(copy, reply, original))
    assert [r.candidate for r in distinct(ranked)] == [original, reply]


def test_equal_passages_go_by_address() -> None:
    equal = [
        candidate(passage(f"text {n}", document_id=document_id), space_id=space_id)
        for n, (space_id, document_id) in enumerate(
            [("spc_b", "doc_a"), ("spc_a", "doc_b"), ("spc_a", "doc_a")]
        )
    ]
    order = [(r.candidate.space_id, r.candidate.passage.document_id) for r in fuse(found(*equal))]
    assert order == [("spc_a", "doc_a"), ("spc_a", "doc_b"), ("spc_b", "doc_a")]


def test_a_rare_term_weighs_more_and_an_unknown_one_most() -> None:
    weights = [term_weight(100, holding) for holding in (100, 10, 1, 0)]
    assert weights == sorted(weights)
    assert weights[-1] == pytest.approx(math.log(101))
    assert weights[-1] == weights[-2]
    assert term_weight(0, 0) == 0.0


def test_spaces_are_merged_as_if_they_were_one() -> None:
    here = candidate(passage("a"), matched=[0, 1], space_id="spc_a")
    there = candidate(passage("b"), matched=[0], space_id="spc_b")
    merged = merge(
        [
            Found(
                terms=(("x", 1.0), ("y", 2.0)),
                candidates=(here,),
                passages_searched=10,
                stages_ms={"score": 1.0},
            ),
            Found(
                terms=(("y", 5.0), ("x", 0.5)),
                candidates=(there,),
                passages_searched=20,
                stages_ms={"score": 2.0, "fetch": 1.0},
            ),
        ]
    )
    assert merged.terms == (("x", 1.0), ("y", 5.0))
    assert [sorted(c.matched) for c in merged.candidates] == [[0, 1], [1]]
    assert merged.passages_searched == 30
    assert merged.stages_ms == {"score": 3.0, "fetch": 1.0}


def test_one_space_is_left_as_it_is() -> None:
    alone = found(candidate(passage("a")))
    assert merge([alone]) is alone
    assert merge([]).candidates == ()


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_what_one_space_was_searched_for_by_words_alone_all_were(missing: int) -> None:
    parts = [replace(found(), words_alone=n < missing) for n in range(2)]
    assert merge(parts).words_alone is bool(missing)
