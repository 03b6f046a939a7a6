"""Which contract case ran on which backend, and how it went: `make contract-table` prints it."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from tests.contract import backends, blob_stores, index_backends

KNOWN = tuple({**backends.BACKENDS, **blob_stores.BLOB_STORES, **index_backends.INDEXES})
_CASE = re.compile(r"tests/contract/test_(\w+)\.py::test_(\w+)\[(.+)\]")
_WORST = ("passed", "failed")


class Table:
    """Outcomes by case and backend; of several examples of a case the worst counts."""

    def __init__(self) -> None:
        self._cases: defaultdict[tuple[str, str], dict[str, list[str]]] = defaultdict(dict)

    def add(self, node: str, outcome: str) -> None:
        """Take in how a test went; one of no backend, or not run, is left out."""
        found = _CASE.fullmatch(node)
        if found is None or outcome == "skipped":
            return
        contract, case, example = found.groups()
        for backend in set(example.split("-")).intersection(KNOWN):
            self._cases[contract, case].setdefault(backend, []).append(outcome)

    def lines(self) -> Iterator[str]:
        """Yield the table in Markdown; then, by backend, how many cases passed."""
        yield _row(["contract", "case", *KNOWN])
        yield _row(["---"] * (2 + len(KNOWN)))
        for (contract, case), ran in sorted(self._cases.items()):
            shown = [_shown(ran.get(backend, ())) for backend in KNOWN]
            yield _row([contract.replace("_", " "), case.replace("_", " "), *shown])
        for backend in KNOWN:
            mine = [ran[backend] for ran in self._cases.values() if backend in ran]
            good = sum(_shown(outcomes).startswith("passed") for outcomes in mine)
            said = f"{good} of {len(mine)} cases passed" if mine else "NOT RUN: it is not named"
            yield f"\n{backend}: {said}"


def _shown(outcomes: Sequence[str]) -> str:
    if not outcomes:
        return "-"
    worst = max(outcomes, key=_WORST.index)
    return worst if len(outcomes) == 1 else f"{worst} ({len(outcomes)})"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
