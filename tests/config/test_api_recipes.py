"""docs/api.md is true: its recipes work as they are printed."""

import pytest
from django_tenants.utils import tenant_context

from tenants.models import Tenant
from tests.doc_blocks import assert_as_printed, page_run
from tests.queries import violations

FARM = "recipes"


@pytest.fixture(scope="module")
def recipes(server, django_db_blocker):
    blocker = {"django_db_blocker": django_db_blocker}
    with page_run("docs/api.md", farm=FARM, server=server, **blocker) as outputs:
        yield outputs


def test_every_recipe_prints_what_the_page_says(recipes):
    assert_as_printed(recipes)


def test_after_the_recipes_the_books_are_right(recipes, django_db_blocker):
    with django_db_blocker.unblock(), tenant_context(Tenant.objects.get(slug=FARM)):
        assert violations() == []
