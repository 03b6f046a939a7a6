import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from eva_infra.cli import main
from eva_infra.picture.layout import WIDTH, lay_out
from eva_infra.picture.svg import draw
from tests.infra.variants import VARIANTS, GraphOf

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_component_is_drawn_and_none_hides_another(graph_of: GraphOf, variant: str) -> None:
    stack, replaced = VARIANTS[variant]
    graph = graph_of(stack, **replaced)
    found = lay_out(graph)
    known = {one.urn for one in graph.resources}
    assert {box.urn for box in found.boxes} == {
        one.urn for one in graph.resources if one.parent not in known
    }
    for one in found.boxes:
        assert one.x + WIDTH <= found.width
        assert one.y + one.height <= found.height
        for other in found.boxes:
            apart = (
                one.x != other.x or one.y + one.height <= other.y or other.y + other.height <= one.y
            )
            assert apart or one is other


def test_what_depends_is_drawn_right_of_what_it_needs(graph_of: GraphOf) -> None:
    found = lay_out(graph_of("prod"))
    places = {box.urn: box.x for box in found.boxes}
    assert len(found.needs) > 15
    assert all(places[dependent] > places[needed] for dependent, needed in found.needs)


def test_a_picture_is_well_formed_and_tells_what_it_holds(graph_of: GraphOf) -> None:
    graph = graph_of("prod")
    found = lay_out(graph)
    tree = ET.fromstring(draw(found, "EVA API, prod"))  # noqa: S314 - our own picture
    texts = {text.text for text in tree.iter(f"{SVG}text")}
    assert {"EVA API, prod", "records", "network", "DatabaseAccount · account"} <= texts
    assert len(list(tree.iter(f"{SVG}path"))) >= len(found.needs)
    ends = [line.rpartition(" ")[2] for box in found.boxes for line in box.lines]
    drawn = sum(int(end) if end.isdigit() else 1 for end in ends)
    assert drawn == len(list(graph.custom))


def test_pictures_and_templates_are_written_to_a_folder(tmp_path: Path) -> None:
    assert main(["graph", "dev", "--out", str(tmp_path)]) == 0
    assert main(["export-arm", "dev", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "dev.svg").read_text().startswith("<svg")
    resources = json.loads((tmp_path / "dev.json").read_text())["resources"]
    assert f"EVA API, dev: {len(resources)} resources" in (tmp_path / "dev.svg").read_text()
