"""docs/api.md is true: its recipes work as they are printed."""

from itertools import islice

import pytest
from django_tenants.utils import tenant_context

from tenants.models import Tenant
from tests.doc_blocks import assert_as_printed, page_run
from tests.queries import violations

FARM = "recipes"
ENDS = (7, 16, 24, None)  # of the parts, so that none takes long; in blocks


@pytest.fixture(scope="module")
def recipes(server, django_db_blocker):
    """``recipes(end)``: what the blocks before ``end`` print, those run that were not yet."""
    done, blocker = [], {"django_db_blocker": django_db_blocker}
    with page_run("docs/api.md", farm=FARM, server=server, **blocker) as outputs:

        def run(end=None):
            done.extend(islice(outputs, end and max(end - len(done), 0)))
            return done[:end]

        yield run


@pytest.mark.parametrize("end", ENDS)
def test_every_recipe_prints_what_the_page_says(recipes, end):
    assert_as_printed(recipes(end))


def test_after_the_recipes_the_books_are_right(recipes, django_db_blocker):
    recipes()
    with django_db_blocker.unblock(), tenant_context(Tenant.objects.get(slug=FARM)):
        assert violations() == []
