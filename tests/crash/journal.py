"""What the clients were told, and by which every one of the service's lives is judged."""

import random
from dataclasses import dataclass, field

DICE = random.SystemRandom()


@dataclass
class Journal:
    """Every acknowledgement. A request whose outcome stayed unknown was repeated until it was."""

    documents: dict[str, dict[int, str]] = field(default_factory=dict)  # id -> version -> SHA-256
    words: dict[str, str] = field(default_factory=dict)  # id -> the word that its text is about
    deleted: set[str] = field(default_factory=set)
    queries: dict[str, str] = field(default_factory=dict)  # id -> question
    repeated: int = 0  # requests sent again because their outcome was unknown
    unexpected: list[str] = field(default_factory=list)  # answers that should not have been given

    def living(self) -> set[str]:
        return self.documents.keys() - self.deleted

    def counts(self) -> str:
        versions = sum(len(hashes) for hashes in self.documents.values())
        return (
            f"{len(self.documents)} documents ({versions} versions), {len(self.queries)} queries, "
            f"{len(self.deleted)} deletions acknowledged; {self.repeated} requests repeated"
        )
