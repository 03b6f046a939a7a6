"""What to do next about an answer that does not pass: a command where there is one."""

from collections.abc import Mapping

from pipelines.readiness.catalogue import Source
from pipelines.readiness.model import Environment, Language, Text
from pipelines.readiness.verdict import Answer, Result, Subject

EXPLAIN = "make explain CRITERION={criterion}"
MAKE = "make evidence ONLY={evidence}"
STEPS: Mapping[str, Text] = {
    "failed": Text(EXPLAIN, EXPLAIN),
    "dirty-tree": Text(
        "commit, then make evidence STAGE={stage}", "validez, puis make evidence STAGE={stage}"
    ),
    "not-built": Text("build {needs}, then " + MAKE, "construisez {needs}, puis " + MAKE),
    "not-run": Text(
        "settle that (evidence/logs holds what was said), then " + MAKE,
        "réglez cela (evidence/logs garde ce qui fut dit), puis " + MAKE,
    ),
    "absent": Text(
        "build what is missing there, then " + MAKE, "construisez ce qui y manque, puis " + MAKE
    ),
    "review": Text(
        "a person writes {needs} (see security/reviews/README.md)",
        "une personne rédige {needs} (voir security/reviews/README.md)",
    ),
    "staging": Text(
        "GATE_ENVIRONMENT=staging GATE_TARGET=https://… " + MAKE,
        "GATE_ENVIRONMENT=staging GATE_TARGET=https://… " + MAKE,
    ),
    "elsewhere": Text(
        "run the release workflow for this commit, and fetch its evidence",
        "lancez le processus de livraison pour ce commit, puis récupérez ses preuves",
    ),
    "make": Text(MAKE, MAKE),
}


def next_step(result: Result, source: Source, subject: Subject, language: Language = "en") -> str:
    """Return the next step for the answer that decided a criterion; empty when it passed."""
    answer = result.worst
    if answer.outcome.met:
        return ""
    lacking = [need for need in source.needs if need in subject.lacks]
    return STEPS[_which(answer, source)][language].format(
        criterion=result.criterion.id,
        evidence=",".join(_alike(result)),
        needs=", ".join(lacking or source.needs),
        stage=answer.demand.stage,
    )


def _alike(result: Result) -> tuple[str, ...]:
    """Return all evidence that one step settles: what has the trouble that decided."""
    worst = result.worst
    return tuple(
        dict.fromkeys(
            answer.demand.evidence
            for answer in result.answers
            if (answer.reason.code, answer.demand.environment)
            == (worst.reason.code, worst.demand.environment)
        )
    )


def _which(answer: Answer, source: Source) -> str:
    code = answer.reason.code
    if code == "not-built" and source.check == "review":
        return "review"
    if code in {"failed", "dirty-tree", "not-built", "not-run", "absent"}:
        return code
    if source.elsewhere is not None:
        return "elsewhere"
    return "staging" if answer.demand.environment is Environment.STAGING else "make"
