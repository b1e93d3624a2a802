"""How an address finds its view."""

import pytest
from django.urls import resolve

LISTS, ADDRESSES = 30, 40  # below /api/v1/, and of the largest list


@pytest.mark.parametrize("path", ["production-runs/1/complete/", "reports/alerts/", "me/undo/"])
def test_an_address_of_the_api_is_compared_with_those_of_its_list_alone(path):
    assert len(resolve(f"/api/v1/{path}").tried) < LISTS + ADDRESSES
