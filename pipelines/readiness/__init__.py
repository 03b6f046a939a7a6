"""The release gate: criteria and evidence in, one explained and signed verdict out.

`evidence` makes records by running tools; `judge` is a pure function of criteria, waivers, evidence
and the time; `reports` show the verdict; `attest` signs it and checks such signatures.
"""

VERSION = "1.0.0"
