"""Why an outcome is what it is, in English and French. Each code is used by the judge."""

from collections.abc import Mapping

from pipelines.readiness.model import Language, Reason, Text

REASONS: Mapping[str, Text] = {
    "passed": Text(
        "{seen} looked at, nothing found", "{seen} éléments examinés, aucune constatation"
    ),
    "waived": Text(
        "{count} found, all waived ({waivers})", "{count} constatations, toutes levées ({waivers})"
    ),
    "failed": Text("{count} found: {first}", "{count} constatations : {first}"),
    "not-made": Text(
        "no {evidence} evidence from {environment}",
        "aucune preuve {evidence} provenant de {environment}",
    ),
    "not-built": Text(
        "{evidence}: nothing to run yet, {needs} is not there",
        "{evidence} : rien à exécuter encore, {needs} n'existe pas",
    ),
    "elsewhere": Text(
        "{evidence} is not run here: {where}", "{evidence} n'est pas exécuté ici : {where}"
    ),
    "not-run": Text("{evidence} could not run: {why}", "{evidence} n'a pas pu s'exécuter : {why}"),
    "other-commit": Text(
        "{evidence} was made for commit {commit}", "{evidence} a été produit pour {commit}"
    ),
    "dirty-record": Text(
        "{evidence} was made with uncommitted changes",
        "{evidence} a été produit avec des changements non validés",
    ),
    "dirty-tree": Text(
        "the tree has uncommitted changes: no evidence speaks of it",
        "l'arbre a des changements non validés : aucune preuve ne le décrit",
    ),
    "too-old": Text(
        "{evidence} is {age} days old, {limit} allowed",
        "{evidence} a {age} jours, {limit} sont permis",
    ),
    "review-too-old": Text(
        "{evidence}: what it reports is {age} days old, {limit} allowed",
        "{evidence} : ce qui est rapporté a {age} jours, {limit} sont permis",
    ),
    "database-too-old": Text(
        "{evidence}: its newest advisory is {age} days old, {limit} allowed",
        "{evidence} : son avis le plus récent a {age} jours, {limit} sont permis",
    ),
    "from-the-future": Text(
        "{evidence} is dated {time}, after now", "{evidence} est daté du {time}, dans le futur"
    ),
    "local-target": Text(
        "{evidence} says staging, but its target {target} is not a remote https address",
        "{evidence} dit « staging », mais sa cible {target} n'est pas une adresse https distante",
    ),
    "altered": Text(
        "{evidence}: the report is gone or is not the one recorded",
        "{evidence} : le rapport a disparu ou n'est pas celui qui fut consigné",
    ),
    "crashed": Text(
        "{evidence}: the tool ended with code {code}, which is not an answer",
        "{evidence} : l'outil a terminé avec le code {code}, ce qui n'est pas une réponse",
    ),
    "unreadable": Text(
        "{evidence}: the report cannot be read ({why})",
        "{evidence} : le rapport est illisible ({why})",
    ),
    "tool-errors": Text(
        "{evidence}: {count} errors while looking, first: {first}",
        "{evidence} : {count} erreurs pendant l'examen, la première : {first}",
    ),
    "absent": Text(
        "{evidence} holds nothing on: {names}", "{evidence} ne contient rien sur : {names}"
    ),
    "too-few": Text(
        "{evidence} looked at {seen}, at least {least} are demanded",
        "{evidence} a examiné {seen} éléments, il en faut au moins {least}",
    ),
    "unseen": Text(
        "{evidence} looked at {seen} of {expected}, not at: {names}",
        "{evidence} a examiné {seen} éléments sur {expected}, sans : {names}",
    ),
    "unexpected": Text(
        "{evidence} speaks of what is not expected: {names}",
        "{evidence} parle de ce qui n'est pas attendu : {names}",
    ),
    "skipped": Text("{evidence}: skipped {names}", "{evidence} : omis {names}"),
    "judged-nothing": Text(
        "{evidence}: nothing was looked at", "{evidence} : rien n'a été examiné"
    ),
}


def say(reason: Reason, language: Language = "en") -> str:
    """Return the sentence of a reason."""
    said = {
        name: value[language] if isinstance(value, Text) else value
        for name, value in reason.values.items()
    }
    return REASONS[reason.code][language].format(**said)


def names(found: "tuple[str, ...] | list[str]", most: int = 3) -> str:
    """Return the first few names of many, and how many more there are."""
    more = f" … +{len(found) - most}" if len(found) > most else ""
    return ", ".join(found[:most]) + more
