"""Sightings are read back as they were written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticket_status.core.comparison import read_sighting, sighting
from ticket_status.core.model import Category, Status


@given(st.from_regex(r"[A-Z][A-Z0-9_]{1,9}-[1-9][0-9]{0,5}", fullmatch=True), st.text(), st.sampled_from(Category))
def test_a_sighting_tells_key_and_status_whatever_the_status_is_called(
    issue_key: str, name: str, category: Category
) -> None:
    assert read_sighting(sighting(issue_key, Status(name, category))) == (issue_key, Status(name, category))


@pytest.mark.parametrize("key", ["", "in-flight", None, 4])
def test_a_category_that_no_real_site_has_is_undefined(key: object) -> None:
    assert Category.of(key) is Category.UNDEFINED


@pytest.mark.parametrize("category", Category)
def test_the_four_categories_are_known_by_their_keys(category: Category) -> None:
    assert Category.of(category.value) is category
