"""Where everything is drawn: components in columns, what depends to the right of what it needs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eva_infra.recording import Graph, Recorded

WIDTH, GAP_X, GAP_Y = 292, 88, 26
TITLE, LINE, PADDING = 46, 18, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A component: what it is called, its area, lines that say what it holds, its place."""

    urn: str
    title: str
    area: str
    lines: tuple[str, ...]
    x: int
    y: int

    @property
    def height(self) -> int:
        """Return how high it is drawn."""
        return TITLE + LINE * len(self.lines) + PADDING


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Boxes, and which needs which, by URN."""

    boxes: tuple[Box, ...]
    needs: tuple[tuple[str, str], ...]
    width: int
    height: int


def lay_out(graph: Graph) -> Layout:
    """Return where the components of a stack are drawn."""
    tops = _tops(graph)
    needs = _reduced(_needs(graph, tops))
    columns = _columns(list(dict.fromkeys(tops.values())), needs)
    members = {top: [one for one in graph.resources if tops[one.urn] == top] for top in columns}
    boxes = _placed(columns, members)
    return Layout(
        boxes=boxes,
        needs=tuple(sorted((a, b) for a, found in needs.items() for b in found)),
        width=max(box.x + WIDTH for box in boxes) + GAP_X,
        height=max(box.y + box.height for box in boxes) + GAP_Y,
    )


def _tops(graph: Graph) -> Mapping[str, str]:
    """Return the outermost component of each resource, itself where it has none."""
    parents = {one.urn: one.parent for one in graph.resources}

    def top(urn: str) -> str:
        parent = parents[urn]
        return top(parent) if parent in parents else urn

    return {one.urn: top(one.urn) for one in graph.resources}


def _needs(graph: Graph, tops: Mapping[str, str]) -> dict[str, set[str]]:
    """Return what each component needs of those before it: two may need parts of each other."""
    order = {top: place for place, top in enumerate(dict.fromkeys(tops.values()))}
    found: dict[str, set[str]] = {top: set() for top in order}
    for one in graph.resources:
        for dependency in one.dependencies:
            needed = tops.get(dependency, tops[one.urn])
            if order[needed] < order[tops[one.urn]]:
                found[tops[one.urn]].add(needed)
    return found


def _reduced(needs: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Leave out what is needed anyway by something else that is needed."""
    reach: dict[str, set[str]] = {}

    def reached(top: str) -> set[str]:
        if top not in reach:
            reach[top] = set()
            reach[top] = needs[top].union(*(reached(inner) for inner in needs[top]))
        return reach[top]

    return {
        top: {one for one in found if not any(one in reached(x) for x in found - {one})}
        for top, found in needs.items()
    }


def _columns(tops: Sequence[str], needs: Mapping[str, set[str]]) -> dict[str, int]:
    column: dict[str, int] = {}

    def place(top: str) -> int:
        if top not in column:
            column[top] = 0
            column[top] = max((place(inner) + 1 for inner in sorted(needs[top])), default=0)
        return column[top]

    for top in tops:
        place(top)
    return column


def _placed(columns: Mapping[str, int], members: Mapping[str, list[Recorded]]) -> tuple[Box, ...]:
    below: Counter[int] = Counter()
    boxes: list[Box] = []
    for urn, column in sorted(columns.items(), key=lambda item: (item[1], item[0])):
        head = next(one for one in members[urn] if one.urn == urn)
        box = Box(
            urn=urn,
            title=head.name,
            area=head.type.split(":")[1],
            lines=tuple(_lines(members[urn])),
            x=GAP_X // 2 + column * (WIDTH + GAP_X),
            y=GAP_Y * 3 + below[column],
        )
        below[column] += box.height + GAP_Y
        boxes.append(box)
    return tuple(boxes)


def _lines(members: Sequence[Recorded]) -> list[str]:
    """Return what a component holds: single resources by name, many of a kind by number."""
    kinds = Counter(one.kind.split(":")[1] for one in members if one.custom)
    names = {one.kind.split(":")[1]: one.name for one in members if one.custom}
    return [
        f"{kind} · {names[kind]}" if count == 1 else f"{kind} × {count}"
        for kind, count in sorted(kinds.items())
    ]
