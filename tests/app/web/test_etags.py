"""Preconditions: what a change is held against."""

import pytest
from starlette.datastructures import Headers

from app.core.errors import PreconditionRequiredError, StaleEtagError
from app.web import etags


@pytest.mark.parametrize("given", [{}, {"if-match": "*"}, {"if-match": " * "}])
def test_a_client_that_names_no_revision_is_not_held_to_the_one_just_read(
    given: dict[str, str],
) -> None:
    assert etags.expected(Headers(given), "r7") is None


@pytest.mark.parametrize("given", ['"r7"', '"r7~12-3"', '"r1", "r7"'])
def test_a_change_is_held_to_the_revision_that_the_client_named(given: str) -> None:
    assert etags.expected(Headers({"if-match": given}), "r7") == "r7"
    assert etags.required(Headers({"if-match": given}), "r7") == "r7"


@pytest.mark.parametrize("given", ['"r1"', 'W/"r7"', "r7", ""])
def test_another_revision_a_weak_tag_and_an_unquoted_one_are_stale(given: str) -> None:
    with pytest.raises(StaleEtagError):
        etags.expected(Headers({"if-match": given}), "r7")


def test_where_a_revision_must_be_named_its_absence_is_refused_and_a_star_means_the_present() -> (
    None
):
    with pytest.raises(PreconditionRequiredError):
        etags.required(Headers({}), "r7")
    assert etags.required(Headers({"if-match": "*"}), "r7") == "r7"
