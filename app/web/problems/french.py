"""What each problem is called and what to do about it, in French."""

from collections.abc import Mapping

from app.web.problems.said import Said

FRENCH: Mapping[str, Said] = {
    "internal-error": Said(
        "Erreur interne",
        "La requête n'a pas pu aboutir. Citez l'identifiant de requête pour la signaler.",
        "Une faute du service. Rien n'en est révélé ici ; l'identifiant de requête la "
        "retrouve dans les journaux. Répéter plus tard la requête avec la même "
        "Idempotency-Key est sans danger.",
    ),
    "not-found": Said(
        "Introuvable",
        "Cet objet n'existe pas, ou votre clé n'y donne pas accès.",
        "L'objet n'existe pas, a été supprimé ou appartient à quelqu'un d'autre. Les trois "
        "cas ne se distinguent pas.",
    ),
    "source-deleted": Said(
        "Source supprimée",
        "Le document dont cela dépend a été supprimé.",
        "La réponse citait un document supprimé depuis ; son texte a disparu pour de bon.",
    ),
    "invalid-input": Said(
        "Entrée invalide",
        "La requête contient des valeurs refusées ; `errors` nomme chacune.",
        "Chaque élément de `errors` dit où (un pointeur JSON dans le corps, ou `query:`, `path:` "
        "ou `header:` et un nom) et pourquoi. L'inconnu (champs, paramètres) est refusé aussi.",
    ),
    "bad-cursor": Said(
        "Curseur invalide",
        "Ce curseur n'a pas été émis pour cette liste.",
        "Un curseur ne vaut que pour la liste, les filtres et l'ordre dont il provient. "
        "Recommencez sans curseur.",
    ),
    "unauthenticated": Said(
        "Authentification requise",
        "Envoyez une clé d'API valide par `X-API-Key` ou `Authorization: Bearer`.",
        "La clé est absente, mal formée, inconnue, expirée ou révoquée. Lequel des cas "
        "s'applique n'est pas révélé.",
    ),
    "insufficient-scope": Said(
        "Portée manquante",
        "Votre clé n'a pas la portée {scope}.",
        "La clé est valide mais ne permet pas cette opération. Demandez à un administrateur "
        "une clé ayant la portée nommée.",
    ),
    "insufficient-role": Said(
        "Rôle insuffisant",
        "Votre rôle dans cet espace ({role}) ne permet pas {scope}.",
        "L'espace est réservé à ses membres, dont vous êtes ; ceci exige un rôle plus élevé. "
        "Adressez-vous à qui gère l'espace. Un rôle ne permet jamais plus que votre clé.",
    ),
    "rate-limited": Said(
        "Trop de requêtes",
        "Pas plus de {limit} ne sont permises en {window} secondes ; réessayez dans {retry_after}.",
        "Répétez après les secondes de Retry-After. Questions et téléversements comptent pour "
        "plusieurs requêtes. Ce qui a été refusé n'a pas été fait.",
    ),
    "budget-exceeded": Said(
        "Budget épuisé",
        "Le budget est épuisé : {limit} {reason}.",
        "Il se renouvelle après les secondes de Retry-After, au début du jour ou du mois (UTC). "
        "Qui administre le locataire peut l'augmenter.",
    ),
    "stale-etag": Said(
        "Modifié entre-temps",
        "L'objet a changé depuis votre lecture ; relisez-le et recommencez.",
        "L'en-tête If-Match nomme une révision qui n'est plus la plus récente. Rien n'a changé.",
    ),
    "precondition-required": Said(
        "If-Match requis",
        "Envoyez If-Match avec l'ETag de l'objet que vous avez lu.",
        "Une modification exige l'ETag de ce qu'elle modifie, pour que deux auteurs ne "
        "s'écrasent jamais à leur insu. `If-Match: *` écrase sciemment.",
    ),
    "conflict": Said(
        "Conflit",
        "L'état de l'objet l'interdit : {reason}.",
        "L'objet existe déjà, ou se trouve dans un état où cela ne peut se faire.",
    ),
    "idempotency-mismatch": Said(
        "Idempotency-Key déjà utilisée",
        "Cette Idempotency-Key a servi pour une autre requête.",
        "Une clé représente une seule requête. Prenez-en une nouvelle pour une autre.",
    ),
    "idempotency-in-flight": Said(
        "Requête en cours",
        "La première requête portant cette Idempotency-Key est encore en cours.",
        "Répétez après les secondes de Retry-After pour obtenir la réponse de la première.",
    ),
    "too-large": Said(
        "Trop volumineux",
        "Plus de {limit_bytes} octets ont été envoyés ; rien n'en a été gardé.",
        "Les fichiers et les corps ont une limite. Divisez le document, ou demandez à "
        "l'exploitant.",
    ),
    "unsupported-type": Said(
        "Type de fichier non pris en charge",
        "Les fichiers de type {media_type} ne peuvent être lus.",
        "Les fichiers PDF, Word, PowerPoint, Excel, HTML, Markdown, texte, CSV, JSON et "
        "courriel peuvent être lus. Le type se reconnaît au contenu autant qu'au nom.",
    ),
    "not-ready": Said(
        "Pas encore prêt",
        "Le résultat n'est pas encore disponible ; l'état est {status}.",
        "Le travail se poursuit. Redemandez après les secondes de Retry-After, ou envoyez "
        "`Prefer: wait=N`.",
    ),
    "query-failed": Said(
        "Pas de réponse",
        "La question s'est terminée sans réponse : {reason}.",
        "La question a échoué ou a été annulée : elle n'aura jamais de résultat. Posez-la de "
        "nouveau.",
    ),
    "unavailable": Said(
        "Temporairement indisponible",
        "Une partie du service ({dependency}) ne peut répondre ; réessayez plus tard.",
        "Une dépendance est en panne ou surchargée. Répétez après les secondes de Retry-After "
        "; rien de cette requête n'a été gardé.",
    ),
    "overloaded": Said(
        "Trop à la fois",
        "{limit} demandes sont en cours, le plus qu'il se peut ; réessayez plus tard.",
        "Le service travaille à tant de demandes à la fois et refuse les suivantes, pour que les "
        "autres n'attendent pas. Répétez après les secondes de Retry-After ; rien n'a été gardé.",
    ),
    "storage-full": Said(
        "Stockage plein",
        "Il n'y a plus de place pour enregistrer cela ; rien n'en a été gardé.",
        "L'exploitant doit libérer de la place. Lire et questionner fonctionnent encore.",
    ),
    "lease-lost": Said(
        "Repris ailleurs",
        "Un autre processus a repris ce travail ; réessayez.",
        "Deux processus se sont rencontrés sur le même travail et celui-ci a cédé.",
    ),
    "document-unreadable": Said(
        "Document illisible",
        "Le document ne peut être lu : {reason}.",
        "Le champ `reason` du document dit pourquoi : chiffré, vide, numérisé sans texte, mal "
        "formé, trop complexe ou trop volumineux.",
    ),
    "route-not-found": Said(
        "Chemin inconnu",
        "Aucune opération n'a ce chemin.",
        "Comparez le chemin avec le document OpenAPI à /openapi.json.",
    ),
    "method-not-allowed": Said(
        "Méthode non permise",
        "Ce chemin n'a pas cette méthode ; Allow énumère celles qu'il a.",
        "Utilisez une des méthodes de l'en-tête Allow.",
    ),
    "bad-request": Said(
        "Requête incorrecte",
        "La requête ne peut être comprise.",
        "La requête n'est pas du HTTP bien formé. Vérifiez ses en-têtes et son découpage.",
    ),
    "malformed-body": Said(
        "Corps mal formé",
        "Le corps n'est pas ce que dit son Content-Type.",
        "Le corps JSON ou multipart est brisé ou incomplet ; rien n'en a été gardé.",
    ),
    "unsupported-media-type": Said(
        "Type de média non pris en charge",
        "Envoyez le corps en {expected}.",
        "L'en-tête Content-Type nomme un format que cette opération ne lit pas.",
    ),
    "not-acceptable": Said(
        "Format inacceptable",
        "Cela s'obtient en {offered}, ce que l'en-tête Accept exclut.",
        "Élargissez l'en-tête Accept, ou omettez-le.",
    ),
    "range-not-satisfiable": Said(
        "Plage non satisfaisable",
        "Le contenu a {size_bytes} octets ; la plage est au-delà.",
        "Demandez une plage qui commence à l'intérieur du contenu.",
    ),
    "slow-request": Said(
        "Délai dépassé",
        "La requête est arrivée trop lentement ; rien n'en a été conservé.",
        "Envoyez les en-têtes et le corps sans longues pauses.",
    ),
    "unsupported-encoding": Said(
        "Corps compressé",
        "Envoyez le corps tel quel, sans Content-Encoding.",
        "Les corps compressés ne sont pas décompressés : leur taille réelle ne peut être connue "
        "d'avance. Les formats qui sont des archives, comme .docx, ont leurs propres limites.",
    ),
    "wrong-host": Said(
        "Hôte étranger à ce service",
        "L'en-tête Host nomme un hôte pour lequel ce service ne répond pas.",
        "Utilisez le nom du service. Son exploitant les énumère dans EVA_ALLOWED_HOSTS.",
    ),
    "https-required": Said(
        "HTTPS obligatoire",
        "Utilisez https ; une clé envoyée en HTTP simple devrait être remplacée.",
        "La requête est arrivée en HTTP simple et n'a pas été examinée. Elle n'est pas redirigée "
        "si elle portait quelque chose : une redirection cacherait qu'on a pu la lire en chemin.",
    ),
    "head-too-large": Said(
        "En-têtes trop longs",
        "La ligne de requête et les en-têtes dépassent {limit_bytes} octets.",
        "Envoyez moins d'en-têtes, ou de plus courts.",
    ),
}
