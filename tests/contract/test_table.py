from tests.contract.table import Table


def test_the_table_tells_what_ran_where_and_what_did_not() -> None:
    table = Table()
    for backend, outcome in (("embedded", "passed"), ("cosmos peer", "failed")):
        table.add(f"tests/contract/test_jobs.py::test_one_thing[{backend}]", outcome)
        table.add(f"tests/contract/test_jobs.py::test_two[{backend}-3]", "passed")
        table.add(f"tests/contract/test_jobs.py::test_two[{backend}-4]", outcome)
    table.add("tests/contract/test_table.py::test_of_no_backend", "passed")
    lines = list(table.lines())
    assert lines[2].startswith("| jobs | one thing | passed | failed | - |")
    assert lines[3].startswith("| jobs | two | passed (2) | failed (2) | - |")
    assert "\nembedded: 2 of 2 cases passed" in lines
    assert "\ncosmos peer: 0 of 2 cases passed" in lines
    assert "\ncosmos account: NOT RUN: it is not named" in lines
