"""The words of the reports, in English and French."""

from collections.abc import Mapping

from pipelines.readiness.model import Area, Outcome, Text
from pipelines.readiness.verdict import WaiverState

OUTCOMES: Mapping[Outcome, Text] = {
    Outcome.PASSED: Text("passed", "satisfait"),
    Outcome.WAIVED: Text("waived", "levé"),
    Outcome.STALE: Text("stale", "périmé"),
    Outcome.MISSING: Text("missing", "manquant"),
    Outcome.FAILED: Text("failed", "échoué"),
}
# A sign besides the colour: not everybody sees colours, and paper may have none.
SIGNS: Mapping[Outcome, str] = {
    Outcome.PASSED: "✓",
    Outcome.WAIVED: "≈",
    Outcome.STALE: "◷",
    Outcome.MISSING: "○",
    Outcome.FAILED: "✗",
}
AREAS: Mapping[Area, Text] = {
    Area.FUNCTIONAL: Text("Functional", "Fonctionnel"),
    Area.NON_FUNCTIONAL: Text("Non-functional", "Non fonctionnel"),
    Area.SECURITY: Text("Security", "Sécurité"),
    Area.OPERATIONS: Text("Operations", "Exploitation"),
    Area.COMPLIANCE: Text("Compliance", "Conformité"),
}
# What checks count, where French has another word for it.
FACTS: Mapping[str, str] = {
    "below the level": "sous le niveau",
    "below the severity": "sous la gravité",
    "cases": "cas",
    "commits of history": "commits de l'historique",
    "experiments": "expériences",
    "failed": "échoués",
    "ignored": "ignorées",
    "met": "satisfaits",
    "not applicable": "sans objet",
    "not met": "non satisfaits",
    "reviewer": "réviseur",
    "skipped tests": "tests omis",
    "suppressed": "supprimées",
    "untested": "non testés",
    "users": "utilisateurs",
}
WAIVER_STATES: Mapping[WaiverState, Text] = {
    WaiverState.IN_USE: Text("in use", "utilisée"),
    WaiverState.ENDS_SOON: Text("ends soon", "expire bientôt"),
    WaiverState.EXPIRED: Text("expired", "expirée"),
    WaiverState.NOT_YET: Text("not yet valid", "pas encore valide"),
    WaiverState.ORPHAN: Text("orphan: nothing needs it", "orpheline : rien ne la requiert"),
    WaiverState.NOT_JUDGED: Text("not judged here", "non jugée ici"),
}
READY = Text("READY for {stage}", "PRÊT pour {stage}")
NOT_READY = Text("NOT READY for {stage}", "PAS PRÊT pour {stage}")
WHY = Text("why", "pourquoi")
NEXT = Text("next", "ensuite")
WAIVERS = Text("Waivers", "Dérogations")
CRITERIA = Text("Criteria", "Critères")
EVIDENCE = Text("Evidence", "Preuves")
TREND = Text("Trend", "Tendance")
MEASURED = Text("What was measured", "Ce qui a été mesuré")
COMPARISON = Text("Since the last accepted release", "Depuis la dernière version acceptée")
NO_RELEASE = Text("No release was accepted yet.", "Aucune version n'a encore été acceptée.")
NO_WAIVER = Text("There is none.", "Il n'y en a aucune.")
NOT_JUDGED = Text("not judged", "non jugé")
NO_CHANGE = Text("Nothing differs.", "Rien ne diffère.")
