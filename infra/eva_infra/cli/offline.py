"""Commands that need neither Azure nor the Pulumi command line."""

import argparse
import datetime as dt
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from eva_infra import reports
from eva_infra.arm.export import template
from eva_infra.arm.types import Types
from eva_infra.cli.ending import FOUND, WELL, Command, tell
from eva_infra.cost import asking, prices
from eva_infra.cost.estimate import estimate, table
from eva_infra.picture.layout import lay_out
from eva_infra.picture.svg import draw
from eva_infra.settings import STACKS, settings_of

OUT = {"--out": {"type": Path, "help": "write to this folder instead of printing"}}


def check(given: argparse.Namespace) -> int:
    """Ask every policy and every published type about recorded stacks."""
    folder = Path(os.environ.get(reports.TYPES) or reports.TYPES_DEFAULT)
    types = Types(folder) if folder.is_dir() else None
    if types is None:
        print(
            f"!! NO TYPES in {folder} ({reports.TYPES}): schemas are NOT checked", file=sys.stderr
        )
    proofs = [reports.prove(reports.graph(name), types) for name in reports.stacks(given.stack)]
    tell(given, [_proof_data(one) for one in proofs], _proofs(proofs))
    return WELL if all(one.passed for one in proofs) else FOUND


def _proof_data(one: reports.Proof) -> dict[str, object]:
    verdicts = one.verdicts or ()
    known = [v for v in verdicts if v.against is not None]
    return {
        "stack": one.stack,
        "resources": one.resources,
        "policies": one.policies,
        "violations": [f"{v.policy}: {v.message}" for v in one.violations],
        "schema": {
            "checked": len(known),
            "valid": len([v for v in known if not v.problems]),
            "without_type": sorted({v.type for v in verdicts if v.against is None}),
            "problems": [p for v in known for p in v.problems],
        },
    }


def _proofs(proofs: list[reports.Proof]) -> Iterator[str]:
    for one in proofs:
        known = [v for v in one.verdicts or () if v.against is not None]
        valid = len([v for v in known if not v.problems])
        unknown = {v.type for v in one.verdicts or () if v.against is None}
        yield (
            f"{one.stack}: {one.resources} resources, {one.policies} policies, "
            f"{len(one.violations)} violations, {valid} of {len(known)} schema-valid"
        )
        yield from (f"  policy {v.policy}: {v.message}" for v in one.violations)
        yield from (f"  schema {problem}" for v in known for problem in v.problems)
        yield from (f"  without a published type: {type_}" for type_ in sorted(unknown))


def export_arm(given: argparse.Namespace) -> int:
    """Write stacks as Resource Manager templates."""
    for name in reports.stacks(given.stack):
        _put(given.out, f"{name}.json", json.dumps(template(reports.graph(name)), indent=2) + "\n")
    return WELL


def graph(given: argparse.Namespace) -> int:
    """Draw stacks as pictures."""
    for name in reports.stacks(given.stack):
        recorded = reports.graph(name)
        title = f"EVA API, {name}: {len(list(recorded.custom))} resources"
        _put(given.out, f"{name}.svg", draw(lay_out(recorded), title))
    return WELL


def cost(given: argparse.Namespace) -> int:
    """Multiply what stacks use by dated prices; what has no price is listed."""
    found = [
        estimate(reports.graph(name), prices.read(settings_of(name).location))
        for name in reports.stacks(given.stack)
    ]
    tell(given, [one.as_data() for one in found], (line for one in found for line in table(one)))
    short = [one for one in found if one.floor > settings_of(one.stack).monthly_budget]
    for one in short:
        print(f"{one.stack}: the budget is below {one.floor:,.2f}", file=sys.stderr)
    return FOUND if short else WELL


def read_prices(given: argparse.Namespace) -> int:
    """Read today's prices of a stack's region from Azure, into the price file."""
    region = settings_of(given.stack).location
    units = _metered(region)
    if given.questions:
        asking_for = dict(asking.questions(units, region, given.currency, given.api))
        tell(given, asking_for, (f"{meter}\n  {url}" for meter, url in asking_for.items()))
        return WELL
    today = dt.datetime.now(tz=dt.UTC).date()
    asked = asking.ask(units, region, given.currency, today, given.api)
    path = prices.write(asked.prices, given.out or prices.FOLDER)
    tell(
        given,
        {"file": str(path), "priced": len(asked.prices.meters), "unclear": dict(asked.unclear)},
        [
            f"{path}: {len(asked.prices.meters)} prices",
            *(f"no price of {meter}: {why}" for meter, why in asked.unclear.items()),
        ],
    )
    return FOUND if asked.unclear else WELL


def _metered(region: str) -> dict[str, str]:
    """Return the meters, with units, that are paid for certain by the stacks of a region."""
    nothing = prices.read("")
    used = [name for name in STACKS if settings_of(name).location == region]
    rows = [row for name in used for row in estimate(reports.graph(name), nothing).rows]
    return {row.meter: row.unit for row in rows if not row.by_use}


def _put(folder: Path | None, name: str, text: str) -> None:
    if folder is None:
        print(text, end="")
        return
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    print(folder / name)


COMMANDS = (
    Command(
        name="check",
        help="prove a stack without Azure: policies, and published types where they are",
        run=check,
        takes_all=True,
    ),
    Command(
        name="export-arm",
        help="write a stack as a Resource Manager template",
        run=export_arm,
        options=OUT,
        takes_all=True,
    ),
    Command(name="graph", help="draw a stack as an SVG", run=graph, options=OUT, takes_all=True),
    Command(
        name="cost",
        help="what a stack costs in a month, from the dated price file",
        run=cost,
        takes_all=True,
    ),
    Command(
        name="prices",
        help="read today's prices from Azure into the price file",
        run=read_prices,
        options={
            **OUT,
            "--currency": {"default": "CAD", "help": "in which currency"},
            "--questions": {
                "action": "store_true",
                "help": "only print the address that each price is asked at",
            },
            "--api": {"default": asking.API, "help": "where prices are asked"},
        },
    ),
)
