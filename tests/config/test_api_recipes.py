"""docs/api.md tells the truth: its recipes work as they are printed."""

import pytest
from django_tenants.utils import tenant_context

from tenants.farms import services
from tenants.models import Tenant
from tests.conftest import go_out
from tests.looking import violations
from tests.test_readme import BLOCK, ROOT, agrees, run_tour, said_after_each

RECIPES = (ROOT / "docs" / "api.md").read_text()
FARM = "recipes"


@pytest.fixture(scope="module")
def tried(server, django_db_blocker):
    """What each block printed, beside what the page says it does."""
    blocks = BLOCK.findall(RECIPES)
    script = [f"FARM={FARM}", *(text for kind, text in blocks if kind == "sh")]
    try:
        printed = run_tour(script, server)[1:]
        yield list(zip(said_after_each(blocks), printed, strict=True))
    finally:
        with django_db_blocker.unblock():
            for farm in Tenant.objects.filter(slug=FARM):
                services.drop_farm(farm, by=None, wait_seconds=0)
            go_out()


def test_every_recipe_prints_what_the_page_says(tried):
    for said, printed in tried:
        lines = printed.splitlines()
        assert len(said.splitlines()) == len(lines), printed
        for expected, line in zip(said.splitlines(), lines, strict=True):
            assert agrees(expected, line), f"{line!r} is not {expected!r}"


def test_after_the_recipes_the_books_are_right(tried, django_db_blocker):
    with django_db_blocker.unblock(), tenant_context(Tenant.objects.get(slug=FARM)):
        assert violations() == []
