"""Every kind of report the gate can read: this tuple is the table of contents.

A new check is one file, one line here, and one good and one bad example beside the others' in
`tests/pipelines/examples`.
"""

from collections.abc import Mapping

from pipelines.readiness.checks import (
    bandit,
    chaos,
    controls,
    drill,
    image,
    junit,
    licences,
    load,
    pip_audit,
    review,
    safety,
    sarif,
    sbom,
    schema,
    secrets,
    uv_audit,
)
from pipelines.readiness.checks.check import Check

CHECKS: tuple[Check, ...] = (
    bandit.CHECK,
    chaos.CHECK,
    controls.CHECK,
    drill.CHECK,
    image.CHECK,
    junit.CHECK,
    licences.CHECK,
    load.CHECK,
    pip_audit.CHECK,
    review.CHECK,
    safety.CHECK,
    sarif.CHECK,
    sbom.CHECK,
    schema.CHECK,
    secrets.CHECK,
    uv_audit.CHECK,
)
CHECKS_BY_ID: Mapping[str, Check] = {check.id: check for check in CHECKS}
