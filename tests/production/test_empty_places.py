"""Where there is nothing yet, a page says what goes there, and leads to it for those who may."""

import pytest
from django.urls import resolve, reverse
from django.utils.html import escape

from production.services import completion
from tenants.accounts import roles
from tenants.site.site import farm_site
from tests.factories import a_running_run, a_spool, make_user
from tests.production.floor_helpers import page

resolve("/")  # with the pages of the admin
LISTS = {
    f"{model._meta.app_label}_{model._meta.model_name}": admin
    for model, admin in farm_site._registry.items()
}
WAYS_IN = {"inventory_spool": ["import/", "receive/"], "inventory_filament": ["import/", "add/"]}
WAYS_IN |= {"production_printer": ["add-several/", "add/"]}

pytestmark = pytest.mark.usefixtures("farm")


@pytest.mark.parametrize("name", sorted(LISTS))
def test_an_empty_list_says_what_goes_there_and_leads_to_it(name, as_manager):
    admin, address = LISTS[name], reverse(f"admin:{name}_changelist")
    assert admin.when_empty, f"{type(admin).__name__} has no when_empty"
    text = page(as_manager.get(address, follow=True))
    if admin.model._default_manager.exists():
        assert escape(admin.when_empty) not in text
        return
    assert escape(admin.when_empty) in text
    for way in WAYS_IN.get(name, ()):
        assert f'class="button" href="{address}{way}"' in text


def test_who_may_not_add_is_led_nowhere(farm_client):
    farm_client.force_login(make_user(role=roles.VIEWER))
    text = page(farm_client.get("/admin/inventory/spool/"))
    assert escape(LISTS["inventory_spool"].when_empty) in text
    assert 'class="button" href="/admin/inventory/spool/receive/"' not in text


def test_a_search_that_finds_nothing_is_no_empty_place(as_manager):
    a_spool()
    text = page(as_manager.get("/admin/inventory/spool/?q=nothing-like-it"))
    assert escape(LISTS["inventory_spool"].when_empty) not in text


def test_the_week_of_an_empty_farm_has_no_charts_of_zeros(as_manager):
    text = page(as_manager.get("/admin/"))
    assert "No run has ended in these days." in text
    assert f'class="button" href="{reverse("admin:production_productionrun_add")}"' in text
    assert 'class="columns"' not in text
    completion.complete(a_running_run((a_spool(), 10)), by=None, as_planned=True)
    text = page(as_manager.get("/admin/"))
    assert "No run has ended" not in text
    assert text.count('class="columns"') == 4


def test_the_floor_of_an_empty_farm_leads_on(as_manager, farm_client):
    text = page(as_manager.get("/floor/"))
    assert reverse("admin:production_printer_add_several") in text
    assert reverse("admin:production_productionrun_add") in page(as_manager.get("/floor/queue/"))
    assert "add-several" not in page(as_manager.get("/floor/screen/"))
