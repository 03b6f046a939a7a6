"""Scores against programs that are too simple to be wrong."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.embedded.index.scoring import Scored, score
from app.adapters.embedded.index.snapshot import Snapshot
from app.core.filters import Condition, Op
from tests.app.adapters.embedded.index.versions import (
    TERMS,
    Version,
    bm25,
    counted,
    found,
    indexed,
    soft_cosine,
)

WORDS = st.sampled_from(
    ["permit", "permits", "passport", "pool", "pools", "fee", "renew", "renewal", "2025", "2026"]
)
TEXTS = st.lists(WORDS, max_size=12).map(" ".join)
TITLES = st.lists(WORDS, max_size=2).map(" ".join)
QUESTIONS = st.lists(WORDS, min_size=1, max_size=5)
ALL = 10_000


@st.composite
def batches(draw: st.DrawFn) -> list[list[Version]]:
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    keys = iter(range(1, 10))
    return [
        [
            Version(next(keys), tuple(draw(st.lists(TEXTS, max_size=4))), draw(TITLES))
            for _ in range(size)
        ]
        for size in sizes
    ]


def asked(question: list[str], versions: list[Version]) -> list[str]:
    """The question's terms that some passage has: of these, scores are exact."""
    there = {term for version in versions for counts in counted(version) for term in counts}
    return [term for term in TERMS(" ".join(question)) if term in there]


def ask(snapshot: Snapshot, terms: list[str], limit: int = ALL) -> Scored:
    return score(snapshot, terms, snapshot.masks(None), limit)


@given(batches(), st.lists(QUESTIONS, min_size=2, max_size=4))
def test_what_was_asked_before_changes_no_score(
    made: list[list[Version]], questions: list[list[str]]
) -> None:
    asked_before = indexed(*made)
    for question in questions:
        again = ask(asked_before, question)
        assert again == ask(indexed(*made), question) == ask(asked_before, question)


@given(batches(), QUESTIONS)
def test_the_lexical_score_is_bm25(made: list[list[Version]], question: list[str]) -> None:
    versions = [version for batch in made for version in batch]
    terms = asked(question, versions)
    for snapshot in (indexed(*made), indexed(*made, compact=True), indexed(versions)):
        hits = found(ask(snapshot, terms))
        for address, expected in bm25(versions, terms).items():
            assert hits.get(address, (0.0,))[0] == pytest.approx(expected, rel=1e-5, abs=1e-9)


@given(batches(), QUESTIONS)
def test_the_similarity_is_a_soft_cosine(made: list[list[Version]], question: list[str]) -> None:
    versions = [version for batch in made for version in batch]
    terms = asked(question, versions)
    snapshot = indexed(*made)
    hits = found(ask(snapshot, terms))
    for address, expected in soft_cosine(versions, terms).items():
        assert hits.get(address, (0, 0.0))[1] == pytest.approx(expected, rel=1e-5, abs=1e-9)


@given(batches(), QUESTIONS)
def test_matched_terms_are_those_the_passage_or_its_title_has(
    made: list[list[Version]], question: list[str]
) -> None:
    versions = [version for batch in made for version in batch]
    terms = asked(question, versions)
    snapshot = indexed(*made)
    scored = ask(snapshot, terms)
    names = [term for term, _ in scored.terms]
    here = {(v.key, n): counts for v in versions for n, counts in enumerate(counted(v))}
    for address, (_, _, matched) in found(scored).items():
        assert {names[n] for n in matched} == {term for term in terms if term in here[address]}


@given(batches(), QUESTIONS, st.integers(1, 6))
def test_the_best_are_the_same_however_many_are_wanted_and_however_segments_lie(
    made: list[list[Version]], question: list[str], limit: int
) -> None:
    terms = TERMS(" ".join(question))
    apart, joined = indexed(*made), indexed([v for batch in made for v in batch])
    everything = found(ask(apart, terms))
    few = found(ask(joined, terms, limit))
    assert list(few) == list(everything)[:limit]
    for address, (lexical, similarity, _) in few.items():
        assert everything[address][:2] == pytest.approx((lexical, similarity), rel=1e-5)


@given(batches(), QUESTIONS, st.sets(st.integers(1, 9)))
def test_what_is_gone_scores_as_if_it_had_never_been(
    made: list[list[Version]], question: list[str], gone: set[int]
) -> None:
    terms = TERMS(" ".join(question))
    versions = [version for batch in made for version in batch]
    left = [version for version in versions if version.key not in gone]
    masked = indexed(*made).changed(99, sorted(gone), [], [])
    start = masked.surplus()
    merged = masked
    if start < len(masked.parts):
        merged = masked.with_joined(masked, start, masked.joined(start))
    fresh = indexed(left) if left else Snapshot()
    expected = found(ask(fresh, terms))
    for snapshot in (masked, merged):
        hits = found(ask(snapshot, terms))
        assert list(hits) == list(expected)
        for address, (lexical, similarity, matched) in expected.items():
            assert hits[address][:2] == pytest.approx((lexical, similarity), rel=1e-5)
            assert hits[address][2] == matched


def test_a_filter_leaves_the_weights_of_terms_alone() -> None:
    versions = [Version(key, ("passport fee", "pool fee")) for key in range(1, 5)]
    snapshot = indexed(versions)
    masks = snapshot.masks(Condition("key", Op.EQ, 2))
    few = score(snapshot, ["passport"], masks, 10)
    everything = ask(snapshot, ["passport"])
    assert few.terms == everything.terms
    assert few.searched == 2
    assert found(few) == {(2, 0): found(everything)[2, 0]}


@pytest.mark.parametrize("slip", ["pasport", "passpport", "passprot", "passporr", "apssport"])
def test_an_unknown_term_is_read_as_the_word_it_is_a_slip_of(slip: str) -> None:
    snapshot = indexed([Version(1, ("passport fee", "pool permit"))])
    scored = ask(snapshot, [slip])
    assert dict(scored.terms)[slip] == pytest.approx(math.log(3))
    hits = found(scored)
    assert list(hits) == [(1, 0)]
    lexical, similarity, matched = hits[1, 0]
    assert lexical > 0
    assert similarity > 0
    assert matched == {0}


def test_numbers_and_short_words_are_not_corrected() -> None:
    snapshot = indexed([Version(1, ("2025 pool",))])
    for term in ("2026", "poll"):
        hits = found(ask(snapshot, [term]))
        assert all(matched == frozenset() for _, _, matched in hits.values())


def test_a_known_term_is_never_read_as_another() -> None:
    snapshot = indexed([Version(1, ("form", "from the forms department"))])
    hits = found(ask(snapshot, TERMS("form")))
    assert set(hits) == {(1, 0), (1, 1)}
    [known] = [term for term, _ in ask(snapshot, TERMS("form")).terms]
    assert known == "form"


def test_an_empty_snapshot_finds_nothing() -> None:
    assert ask(Snapshot(), ["passport"]) == Scored((), (("passport", 0.0),), 0)
