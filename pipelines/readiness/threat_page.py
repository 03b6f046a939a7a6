"""Writing `security/threat-model.md` from `security/threats.toml`."""

from pathlib import Path

from pipelines.readiness.located import Table, read_toml

SOURCE, PAGE = "security/threats.toml", "security/threat-model.md"
HEAD = """# Threat model

Written from [threats.toml](threats.toml) by `python -m pipelines.readiness.threat_page`: change it
there. What flows where is in [data-flow.md](data-flow.md), which data is kept and for how long in
[data-inventory.toml](data-inventory.toml), the rows of OWASP and ASVS in
[controls.toml](controls.toml). Whether the tests named here exist and passed is evidence of a
commit, not of this page: `make evidence ONLY=threats`, then `make explain CRITERION=S-05`.

| id | threat | what is at stake | kind | answer | what remains |
|---|---|---|---|---|---|
"""


def written(table: Table) -> str:
    """Return the page: a table of threats, then the tests that each answer stands on."""
    rows = table.tables("row")
    lines = [
        f"| {' | '.join(row.text(key) for key in ('id', 'title', 'asset', 'stride'))} "
        f"| {row.text('control')} | {row.text('residual')} |"
        for row in rows
    ]
    proofs = [
        f"- **{row.text('id')}**: " + ", ".join(f"`{name}`" for name in row.texts("tests"))
        for row in rows
    ]
    return HEAD + "\n".join(lines) + "\n\n## Tests\n\n" + "\n".join(proofs) + "\n"


if __name__ == "__main__":
    Path(PAGE).write_text(written(read_toml(Path(SOURCE), SOURCE)), encoding="utf-8")
