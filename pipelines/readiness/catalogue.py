"""The catalogue of evidence: what can be made, by which command, and how its report is read."""

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipelines.readiness.checks import CHECKS_BY_ID
from pipelines.readiness.checks.check import Check, Option
from pipelines.readiness.located import KINDS, Table, unique
from pipelines.readiness.model import Options, Text

KEYS = (
    *("id", "title", "check", "run", "version", "report", "needs", "after", "alone"),
    *("elsewhere", "options"),
)
MEDIA_TYPES = {".sarif": "application/sarif+json", ".toml": "application/toml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One kind of evidence.

    `run` makes it (`{report}`, `{folder}` and `{root}` stand for paths), `needs` are files without
    which there is nothing to run, `after` is evidence that it reads, `alone` keeps the machine to
    itself. `elsewhere` says where it is made if it cannot be made on any one machine.
    """

    id: str
    title: Text
    check: str
    run: tuple[str, ...]
    version: tuple[str, ...]
    report: str
    needs: tuple[str, ...]
    after: tuple[str, ...]
    alone: bool
    elsewhere: Text | None
    options: Options

    @property
    def reader(self) -> Check:
        """Return the check that reads the report."""
        return CHECKS_BY_ID[self.check]

    @property
    def media_type(self) -> str:
        """Return the media type of the report, by its name."""
        suffix = PurePosixPath(self.report).suffix
        return MEDIA_TYPES.get(suffix) or mimetypes.types_map.get(suffix, "text/plain")


def read_sources(table: Table) -> Mapping[str, Source]:
    """Read the catalogue; what it names must exist in it."""
    table.only("evidence")
    rows = table.tables("evidence")
    unique(rows)
    sources = {made.id: made for made in map(_source, rows)}
    for row in rows:
        for name in row.texts("after", ()):
            if name not in sources:
                raise row.refuse(f"no [[evidence]] is called {name!r}", "after")
    return sources


def read_options(row: Table, check: Check) -> Options:
    """Return the options of evidence, or of a demand on it; each as its check takes it."""
    options: Options = row.need("options", dict, {})
    for name, value in options.items():
        if name not in check.takes:
            raise row.refuse(f"the check knows no option {name}", f"options.{name}")
        if not _fits(value, check.takes[name]):
            said = KINDS[check.takes[name].kind]
            known = ", ".join(sorted(check.takes[name].known))
            more = f" ({known})" if known else ""
            raise row.refuse(f"option {name!r} must be {said}{more}", f"options.{name}")
    return options


def _fits(value: object, option: Option) -> bool:
    if type(value) is not option.kind or (not value and option.kind is not int):
        return False
    texts = value if isinstance(value, list) else [value] if isinstance(value, str) else []
    sound = all(isinstance(text, str) and text.strip() for text in texts)
    return sound and (not option.known or option.known.issuperset(texts))


def _source(row: Table) -> Source:
    row.only(*KEYS)
    name = row.text("check")
    if name not in CHECKS_BY_ID:
        known = ", ".join(sorted(CHECKS_BY_ID))
        raise row.refuse(f"there is no check {name!r} (known: {known})", "check")
    if ("run" in row.values) == ("elsewhere" in row.values):
        raise row.refuse("say either 'run' or 'elsewhere'")
    return Source(
        id=row.text("id"),
        title=row.bilingual("title"),
        check=name,
        run=row.texts("run", ()),
        version=row.texts("version", ()),
        report=row.text("report"),
        needs=row.texts("needs", ()),
        after=row.texts("after", ()),
        alone=row.need("alone", bool, default=False),
        elsewhere=row.bilingual("elsewhere") if "elsewhere" in row.values else None,
        options=read_options(row, CHECKS_BY_ID[name]),
    )
