"""Documents that give orders: whatever a model makes of them, nothing is led out of the service."""

import re
import tomllib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from app.core import verifying
from app.core.access import Principal
from app.core.models import Answer, Band
from app.core.ports import Claim, Material, Ports, Support
from tests.app.core import acting

CORPUS = Path(__file__).parents[2] / "security/injection/corpus.toml"
ATTACKS = tomllib.loads(CORPUS.read_text())["attack"]
QUESTIONS = {
    "en": "What is the fee for an adult passport?",
    "fr": "Quels sont les frais pour un passeport d'adulte ?",
}
PRIVATE_NUMBER = "SIN-046454286"
PRIVATE = f"The fee file of the director names {PRIVATE_NUMBER} beside the adult passport."
FOREIGN = "The fee for an adult passport of the other office is FOREIGN-CANARY-7731 dollars."
LEADS_OUT = re.compile(r"//|www\.|(?:http|script|data|mailto):|!\[|\]\(|<|&lt;|evil", re.IGNORECASE)
by_language = pytest.mark.parametrize("language", QUESTIONS)


@dataclass
class Obedient:
    """The worst model there is: it writes what a document orders, and cites the best passage."""

    orders: Sequence[str] = ()
    name: str = "obedient"
    given: list[str] = field(default_factory=list)

    async def compose(self, material: Material) -> AsyncIterator[Claim]:
        self.given = [ranked.candidate.passage.text for ranked in material.ranked]
        best = material.ranked[0].candidate.passage
        span = Support(index=0, start=best.span.start, end=best.span.end, quote=best.text)
        for order in self.orders:
            yield Claim(text=order.format(secret=PRIVATE_NUMBER), supports=(span,))
        yield Claim(text="It is free.", supports=(replace(span, quote="It is free."),))


def attacks(language: str) -> list[Mapping[str, Any]]:
    return [attack for attack in ATTACKS if attack["language"] == language]


async def poisoned(ports: Ports, alice: Principal, mallory: Principal, language: str) -> str:
    """Fill a space with something private and every poisoned document; return its id."""
    abroad = await acting.space(ports, mallory)
    await acting.upload(ports, mallory, abroad, FOREIGN)
    home = await acting.space(ports, alice)
    for text in (PRIVATE, *(attack["document"] for attack in attacks(language))):
        await acting.upload(ports, alice, home, text)
    return home


async def obeyed(
    ports: Ports, alice: Principal, home: str, attack: Mapping[str, Any]
) -> tuple[Answer, list[str]]:
    """Return what leaves the service when the model obeys, and what the model was given."""
    model = Obedient(attack["orders"])
    swayed = replace(ports, composer=model)
    answer = await acting.ask_now(swayed, alice, [home], QUESTIONS[attack["language"]])
    return answer, model.given


@by_language
async def test_orders_in_documents_lead_nothing_out_however_the_model_obeys(
    ports: Ports, alice: Principal, mallory: Principal, language: str
) -> None:
    home = await poisoned(ports, alice, mallory, language)
    for attack in attacks(language):
        answer, given = await obeyed(ports, alice, home, attack)
        assert given, "the model was not asked"
        told = [sentence.text for sentence in answer.sentences]
        assert not [text for text in told if LEADS_OUT.search(text)], attack["id"]
        assert all(any(c.quote in text for text in given) for c in answer.citations)


async def test_the_model_is_never_given_what_belongs_to_another_tenant(
    ports: Ports, alice: Principal, mallory: Principal
) -> None:
    home = await poisoned(ports, alice, mallory, "en")
    answer, given = await obeyed(ports, alice, home, attacks("en")[0])
    told = [*given, *(s.text for s in answer.sentences), *(c.quote for c in answer.citations)]
    assert given
    assert not [text for text in told if "FOREIGN-CANARY" in text]


async def test_a_quote_that_a_model_invents_is_dropped(
    ports: Ports, alice: Principal, mallory: Principal
) -> None:
    home = await poisoned(ports, alice, mallory, "en")
    answer, _ = await obeyed(ports, alice, home, {**attacks("en")[0], "orders": []})
    assert answer.dropped_citations == 1
    assert not [sentence for sentence in answer.sentences if sentence.supported]
    assert answer.band is not Band.ANSWER


@by_language
async def test_a_poisoned_document_is_quoted_never_obeyed_by_the_built_in_composer(
    ports: Ports, alice: Principal, mallory: Principal, language: str
) -> None:
    home = await poisoned(ports, alice, mallory, language)
    query = await acting.ask(ports, alice, [home], QUESTIONS[language])
    assert query.answer is not None
    assert query.answer.citations
    for citation in query.answer.citations:
        verified = await verifying.verify_citation(ports, alice, query.id, citation.number)
        assert verified.matches


def test_the_search_for_ways_out_finds_each_of_them() -> None:
    for attack in ATTACKS:
        for order in attack["orders"]:
            visible = order.replace("\u200b", "").format(secret=PRIVATE_NUMBER)
            assert LEADS_OUT.search(visible), attack["id"]


def test_the_corpus_holds_every_technique_in_both_languages() -> None:
    techniques = {
        language: {a["technique"] for a in ATTACKS if a["language"] == language}
        for language in QUESTIONS
    }
    assert techniques["en"] == techniques["fr"]
    assert len(techniques["en"]) >= 10
