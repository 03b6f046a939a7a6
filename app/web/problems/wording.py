"""Why a value is refused, in English and French, keyed by pydantic's error types.

A `{name}` is filled from the error's context. Types not listed get the general sentence.
"""

from collections.abc import Mapping

from app.core import filters, members
from app.core.budgets import Measure, Owner, Period, said
from app.core.models import DocumentStatus, QueryStatus
from app.web import multipart
from app.web.languages import Language

ILL_FORMED = "does not have the form that is asked for"
_GENERAL = ("is not valid", "n'est pas valide")
_TYPES: Mapping[str, tuple[str, str]] = {
    "missing": ("is required", "est requis"),
    "extra_forbidden": ("is not known here", "n'est pas connu ici"),
    "string_type": ("must be a string", "doit être une chaîne"),
    "string_unicode": ("must be valid Unicode", "doit être de l'Unicode valide"),
    "string_too_short": (
        "must have at least {min_length} characters",
        "doit compter au moins {min_length} caractères",
    ),
    "string_too_long": (
        "must have at most {max_length} characters",
        "doit compter au plus {max_length} caractères",
    ),
    "string_pattern_mismatch": (
        "does not have the form that is asked for",
        "n'a pas la forme demandée",
    ),
    "int_type": ("must be a whole number", "doit être un nombre entier"),
    "int_parsing": ("must be a whole number", "doit être un nombre entier"),
    "int_from_float": ("must be a whole number", "doit être un nombre entier"),
    "bool_type": ("must be true or false", "doit être true ou false"),
    "bool_parsing": ("must be true or false", "doit être true ou false"),
    "greater_than_equal": ("must be at least {ge}", "doit être au moins {ge}"),
    "less_than_equal": ("must be at most {le}", "doit être au plus {le}"),
    "too_short": ("needs at least {min_length} items", "exige au moins {min_length} éléments"),
    "too_long": ("takes at most {max_length} items", "accepte au plus {max_length} éléments"),
    "list_type": ("must be a list", "doit être une liste"),
    "dict_type": ("must be an object", "doit être un objet"),
    "model_type": ("must be an object", "doit être un objet"),
    "model_attributes_type": ("must be an object", "doit être un objet"),
    "enum": ("must be one of {expected}", "doit être l'un de {expected}"),
    "literal_error": ("must be one of {expected}", "doit être l'un de {expected}"),
    "datetime_parsing": ("must be an RFC 3339 time", "doit être une heure RFC 3339"),
    "datetime_from_date_parsing": ("must be an RFC 3339 time", "doit être une heure RFC 3339"),
    "datetime_type": ("must be an RFC 3339 time", "doit être une heure RFC 3339"),
    "timezone_aware": ("must carry a time zone", "doit porter un fuseau horaire"),
    # raised by the models in `web/inputs`
    "one_of_two": (
        "needs exactly one of {first} and {second}",
        "exige exactement un de {first} et {second}",
    ),
    "not_future": ("must lie in the future", "doit être dans le futur"),
    "metadata_keys": (
        "takes at most {most} keys of 1 to {longest} characters",
        "accepte au plus {most} clés de 1 à {longest} caractères",
    ),
    "metadata_value": (
        "must be a string, a number, true, false or a list of strings, {longest} characters each",
        "doit être une chaîne, un nombre, true, false ou une liste de chaînes, de {longest} car.",
    ),
}
_MEASURES = {
    Measure.REQUESTS: "requêtes",
    Measure.TOKENS: "jetons",
    Measure.MONEY: "unités monétaires",
}
_PERIODS = {Period.DAY: "par jour", Period.MONTH: "par mois"}
_OWNERS = {
    Owner.TENANT: "pour ce locataire",
    Owner.KEY: "pour cette clé",
    Owner.SPACE: "pour cet espace",
}
_STATES = tuple(dict.fromkeys([*DocumentStatus, *QueryStatus]))
# What `core` says in English as the `reason` of an InvalidInputError or ConflictError.
_REASONS: Mapping[str, str] = {
    ILL_FORMED: "n'a pas la forme demandée",
    "must be an object": "doit être un objet",
    f"nested deeper than {filters.MAX_DEPTH}": (f"imbriqué à plus de {filters.MAX_DEPTH} niveaux"),
    f"more than {filters.MAX_CONDITIONS} conditions": (
        f"plus de {filters.MAX_CONDITIONS} conditions"
    ),
    "must be a non-empty list, alone": "doit être une liste non vide, seule",
    "needs exactly field, op and value": "exige exactement field, op et value",
    "must be a field name": "doit être un nom de champ",
    f"must be one of {', '.join(filters.Op)}": f"doit être l'un de {', '.join(filters.Op)}",
    f"must be a list of 1 to {filters.MAX_VALUES}": (
        f"doit être une liste de 1 à {filters.MAX_VALUES} éléments"
    ),
    "must hold scalars only": "ne doit contenir que des valeurs simples",
    "must be a scalar": "doit être une valeur simple",
    "is required": "est requis",
    "is not known here": "n'est pas connu ici",
    "is given twice": "est donné deux fois",
    "must be a file with a name": "doit être un fichier avec un nom",
    "must be JSON": "doit être du JSON",
    f"more than {multipart.MOST_PARTS} parts": f"plus de {multipart.MOST_PARTS} parties",
    f"is longer than {multipart.MOST_FIELD_BYTES} bytes": (
        f"dépasse {multipart.MOST_FIELD_BYTES} octets"
    ),
    "the file is empty": "le fichier est vide",
    "is not an id of this service": "n'est pas un identifiant de ce service",
    "is not a key of this service": "n'est pas une clé de ce service",
    "the key has ended": "la clé n'est plus en vigueur",
    "must be -1 or 1": "doit être -1 ou 1",
    members.FULL: f"l'espace a {members.MOST} membres",
    **{
        said(measure, period, owner): f"{_MEASURES[measure]} {_PERIODS[period]} {_OWNERS[owner]}"
        for measure in Measure
        for period in Period
        for owner in Owner
    },
    **{f"the document is {state}": f"le document est « {state} »" for state in _STATES},
    **{f"the query is {state}": f"la question est « {state} »" for state in _STATES},
}


def of_type(kind: str, context: Mapping[str, object], language: Language) -> str:
    """Return why pydantic refused a value."""
    sentence = _TYPES.get(kind, _GENERAL)[0 if language == "en" else 1]
    try:
        return sentence.format_map({name: str(value) for name, value in context.items()})
    except KeyError:
        return _GENERAL[0 if language == "en" else 1]


def of_reason(reason: str, language: Language) -> str:
    """Return a reason given by a use case; its English text where there is no French one."""
    return reason if language == "en" else _REASONS.get(reason, reason)


def known(kind: str) -> bool:
    """Tell whether a type of error has its own sentence."""
    return kind in _TYPES


def translated(reason: str) -> bool:
    """Tell whether a use case's reason has a French form."""
    return reason in _REASONS
