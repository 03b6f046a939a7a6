"""Words as numbers, as bytes, as trigrams."""

from string import ascii_lowercase

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.embedded.index import grams
from app.adapters.embedded.index.analyzer import LONGEST, SnowballAnalyzer
from app.adapters.embedded.index.postings import analyse, decode, encode
from app.adapters.embedded.index.slips import slips
from app.adapters.embedded.index.words import Letters, hashes_of, runs
from app.core.nearness import nearness

TERMS = SnowballAnalyzer().terms
WORDS = st.text(alphabet="abcdefgô1ß日", min_size=1, max_size=9)
VOCABULARIES = st.lists(WORDS, min_size=1, max_size=20, unique=True)
TEXTS = st.lists(st.text(alphabet="ab c'éÉ1-_\n.", max_size=40), max_size=6)


@given(st.permutations("abcdefgh").map("".join), st.permutations("abcdefgh").map("".join))
def test_nearness_in_a_vocabulary_is_nearness_of_words(word: str, other: str) -> None:
    numbers, near = grams.build(Letters.of([other])).near(word)
    if word != other:  # a word's own nearness is the caller's business
        expected = nearness(word, other)
        assert near.tolist() == ([pytest.approx(expected)] if expected >= grams.LIKE else [])
        assert len(numbers) == len(near)


def test_a_vocabulary_finds_what_is_spelled_alike() -> None:
    vocabulary = ["passport", "renewal", "garden", "2025", "chien"]
    built = grams.build(Letters.of(vocabulary))
    for word, other in (("pasport", "passport"), ("renew", "renewal"), ("gardens", "garden")):
        numbers, near = built.near(word)
        assert vocabulary[numbers[0]] == other
        assert near[0] == pytest.approx(nearness(word, other))
    for stranger in ("2026", "zzz", "x"):
        assert built.near(stranger)[0].tolist() == []


@given(VOCABULARIES, VOCABULARIES)
def test_joined_grams_are_those_of_the_joined_vocabulary(left: list[str], right: list[str]) -> None:
    both = list(dict.fromkeys([*left, *right]))
    number = {word: n for n, word in enumerate(both)}
    from_left = np.array([number[word] for word in left])
    from_right = np.array([-1 if word in left else number[word] for word in right])
    joined = grams.join(
        [(grams.build(Letters.of(left)), from_left), (grams.build(Letters.of(right)), from_right)],
        len(both),
    )
    fresh = grams.build(Letters.of(both))
    assert joined.hashes.tolist() == fresh.hashes.tolist()
    assert sorted(zip(joined.hashes, joined.words, strict=True)) == sorted(
        zip(fresh.hashes, fresh.words, strict=True)
    )
    assert joined.root.tolist() == fresh.root.tolist()


@given(VOCABULARIES, st.data())
def test_words_are_taken_out_as_they_were_put_in(
    vocabulary: list[str], data: st.DataObject
) -> None:
    places = data.draw(st.lists(st.integers(0, len(vocabulary) - 1), max_size=10))
    some = Letters.of(vocabulary).some(np.array(places, np.int64))
    expected = Letters.of([vocabulary[place] for place in places])
    assert some.letters.tobytes() == expected.letters.tobytes()
    assert some.sizes.tolist() == expected.sizes.tolist()


def test_runs_follow_each_other() -> None:
    assert runs(np.array([5, 0, 9]), np.array([2, 0, 3])).tolist() == [5, 6, 9, 10, 11]
    assert runs(np.array([], np.int64), np.array([], np.int64)).tolist() == []


def test_hashes_are_the_same_in_every_process() -> None:
    assert hashes_of(["passport", "é"]).tolist() == [10804478593656044761, 9351676014773085660]
    assert hashes_of([]).tolist() == []


@given(VOCABULARIES)
def test_different_words_have_different_hashes(vocabulary: list[str]) -> None:
    assert len(set(hashes_of(vocabulary).tolist())) == len(vocabulary)
    assert hashes_of(vocabulary).tolist() == [hashes_of([word])[0] for word in vocabulary]


@given(st.text(alphabet="abcz", min_size=5, max_size=9))
def test_slips_are_all_words_one_slip_away(word: str) -> None:
    cuts = [(word[:n], word[n:]) for n in range(len(word) + 1)]
    near = {a + b[1:] for a, b in cuts if b}
    near |= {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    near |= {a + c + b for a, b in cuts for c in ascii_lowercase}
    near |= {a + c + b[1:] for a, b in cuts if b for c in ascii_lowercase}
    assert sorted(set(slips(word).tolist())) == sorted(hashes_of(list(near - {word})).tolist())


def test_short_words_numbers_and_other_letters_have_no_slips() -> None:
    for word in ("pool", "2026x", "école", ""):
        assert slips(word).tolist() == []


@given(TEXTS)
def test_postings_survive_being_stored(texts: list[str]) -> None:
    blob = analyse(texts, [""] * len(texts))
    postings = decode(blob)
    assert encode(postings) == blob
    assert postings.lengths.tolist() == [len(TERMS(text)) for text in texts]
    assert postings.holding.sum() == len(postings.passages) == len(postings.occurrences)
    assert set(postings.hashes.tolist()) == set(
        hashes_of([t for text in texts for t in TERMS(text)]).tolist()
    )


def test_what_is_no_postings_is_refused() -> None:
    with pytest.raises(ValueError, match="no postings"):
        decode(b"XXXX" + bytes(12))


def test_a_heading_counts_where_the_passage_lacks_its_words() -> None:
    with_heading = decode(analyse(["pool rules", "garden"], ["Pool", "Pool"]))
    assert with_heading.lengths.tolist() == [2, 2]
    assert decode(analyse(["pool rules", "garden"], ["", ""])).lengths.tolist() == [2, 1]


def test_terms_are_folded_stemmed_and_without_function_words() -> None:
    assert TERMS("The Passports of l'École, and naïve snake_case!") == [
        "passport", "ecol", "naiv", "snak", "cas",
    ]  # fmt: skip
    assert TERMS("renewals renewing renewed") == ["renew"] * 3
    assert TERMS("paiements paiement") == TERMS("paiement") * 2
    assert TERMS("ÉCOLE école") == TERMS("ecole") * 2
    assert TERMS("x" * 500) == ["x" * LONGEST]
    assert TERMS("the of et les") == []
