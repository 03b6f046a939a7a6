"""Names and tags, as the Cloud Adoption Framework spells them, within what Azure allows."""

import hashlib
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from eva_infra.settings import Settings
from eva_infra.settings.regions import REGIONS

WORKLOAD = "eva"
_GUIDS = uuid.UUID("6f1d0f0e-6f0b-5d0e-9d7a-1b5b6f2f4a11")
_DASHED = r"[a-z][a-z0-9-]*[a-z0-9]"
_PLAIN = r"[a-z][a-z0-9]*"


@dataclass(frozen=True, slots=True)
class Rule:
    """What Azure asks of a name; a `worldwide` one is shared with everybody."""

    most: int
    worldwide: bool = False
    pattern: str = _DASHED


# By the abbreviation that the framework gives the kind of resource.
RULES: Mapping[str, Rule] = {
    "rg": Rule(90),
    "vnet": Rule(64),
    "snet": Rule(80),
    "nsg": Rule(80),
    "pep": Rule(64),
    "id": Rule(128),
    "cosno": Rule(44, worldwide=True),
    "st": Rule(24, worldwide=True, pattern=_PLAIN),
    "oai": Rule(64, worldwide=True),
    "kv": Rule(24, worldwide=True),
    "amr": Rule(60, worldwide=True),
    "cr": Rule(50, worldwide=True, pattern=_PLAIN),
    "asp": Rule(60),
    "app": Rule(60, worldwide=True),
    "cae": Rule(60),
    "ca": Rule(32),
    "caj": Rule(32),
    "log": Rule(63),
    "appi": Rule(255),
    "ag": Rule(255),
    "ampls": Rule(255),
    "as": Rule(255),
    "dash": Rule(30),
    "budget": Rule(63),
    "lock": Rule(255),
    "diag": Rule(255),
    "afd": Rule(90),
    "fde": Rule(46, worldwide=True),
    "fdog": Rule(90),
    "fdfp": Rule(128, pattern=_PLAIN),
}


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one stack's resources: `<abbreviation>-eva-<environment>-<region>-<end>`.

    The end is a role, and for what is named worldwide a hash of whose stack this is: the same
    stack has the same names wherever it is computed.
    """

    environment: str
    location: str
    owner: str

    @classmethod
    def of(cls, settings: Settings) -> "Names":
        """Return the names of a stack."""
        owner = f"{settings.owner_id}/{settings.repository_id}/{settings.repository}"
        return cls(settings.environment, settings.location, owner)

    def name(self, kind: str, role: str = "") -> str:
        """Return a resource's name; ValueError when Azure would refuse it."""
        rule = RULES[kind]
        end = [role] if role else []
        end += [self._hash()] if rule.worldwide else []
        parts = [kind, WORKLOAD, self.environment, REGIONS[self.location].short, *(end or ["001"])]
        made = ("" if rule.pattern == _PLAIN else "-").join(parts)
        if len(made) > rule.most or not re.fullmatch(rule.pattern, made):
            raise ValueError(f"{made!r} is no name for {kind!r}: {rule.most} of {rule.pattern}")
        return made

    def _hash(self) -> str:
        seed = f"{WORKLOAD}/{self.owner}/{self.environment}/{self.location}"
        return hashlib.sha256(seed.encode()).hexdigest()[:5]


def guid(*parts: str) -> str:
    """Return the name of what Azure names by a GUID only: the same for the same parts."""
    return str(uuid.uuid5(_GUIDS, "/".join(parts)))


def tags(settings: Settings) -> Mapping[str, str]:
    """Return the tags of everything that takes tags."""
    return {
        "workload": WORKLOAD,
        "env": settings.environment,
        "owner": settings.owner,
        "cost-center": settings.cost_center,
        "managed-by": "pulumi",
    }
