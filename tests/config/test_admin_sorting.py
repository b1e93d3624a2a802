"""Lists of the admin have each row once, whatever they are sorted by."""

from importlib import import_module

import pytest
from django.conf import settings
from django.test import RequestFactory

from inventory.models import Location, Manufacturer
from tenants.site.site import farm_site
from tests.config.routes import furnish
from tests.conftest import at_slug, rolled_back
from tests.shelf_rows import filaments, spools


@pytest.fixture(scope="module")
def crowded(django_db_setup, django_db_blocker):
    """Alpha has some rows of each model, of which one has many others."""
    with rolled_back(django_db_blocker):
        with at_slug("alpha"):
            furnish("here")
            furnish("there")
            filaments(3)
            Location.objects.get(name="here shelf").spools.add(*spools(3))
            Manufacturer.objects.get(name="here maker").filaments.add(*filaments(3))
        yield


def lists_of_the_admin():
    """Each list: ``(address, page)``."""
    import_module(settings.ROOT_URLCONF)
    return [
        pytest.param(f"/admin/{meta.app_label}/{meta.model_name}/", page, id=str(meta))
        for model, page in farm_site._registry.items()
        if (meta := model._meta).model_name != "farmsettings"
    ]


@pytest.mark.parametrize(("address", "model_admin"), lists_of_the_admin())
def test_a_list_of_the_admin_has_each_row_once_whatever_it_is_sorted_by(
    crowded, as_manager, address, model_admin
):
    columns = model_admin.get_list_display(RequestFactory().get("/"))
    for number, _ in enumerate(columns, start=1):
        changelist = as_manager.get(f"{address}?o={number}").context["cl"]
        ids = [row.pk for row in changelist.result_list]
        assert len(ids) == len(set(ids)) == changelist.result_count, number
