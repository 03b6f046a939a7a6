"""A process that changes an index until it is killed, and says what it was told.

Arguments: the folder, a number that sets its course. `begin <document> …` says what it is about to
do; `visible <document> <version>` and `removed <document>` are said after the index returned.
"""

import asyncio
import os
import random
import sys
from pathlib import Path

from app.adapters.embedded.index import Meaning, open_index
from app.core.models import Partition
from tests.app.adapters.embedded.index.letters import LetterEmbedder
from tests.contract.index_backends import Here
from tests.contract.passages import extraction, ref

SPACE = Partition("ten_crash", "spc_crash")
DOCUMENTS = 8
PASSAGES = 3


def say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def texts(number: int, version: int) -> list[str]:
    return [f"document{number} has version{version} part{n}" for n in range(PASSAGES)]


async def main(folder: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a course, no secret
    version = seed * 1_000
    async with open_index(folder, Here(), meaning=Meaning(LetterEmbedder())) as index:
        while True:
            number, version = chance.randrange(DOCUMENTS), version + 1
            document = f"doc_{number}"
            await index.search(SPACE, f"document{number}", limit=5)
            if chance.random() < 0.2:
                say("begin", document, "removed")
                await index.remove(SPACE, document)
                say("removed", document)
                continue
            say("begin", document, version)
            made = extraction(*texts(number, version))
            await index.stage(ref(SPACE, document, version), "", made)
            await index.activate(ref(SPACE, document, version), {"version": version})
            say("visible", document, version)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
