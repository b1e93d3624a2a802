"""What roles may write in the admin, and what its first page says: for all pages, see
`test_admin_walk`."""

import re
from copy import deepcopy
from importlib import import_module

import pytest
from django.conf import settings
from django.urls import reverse

from inventory.models import InventoryTransaction, SpoolEvent
from production.models import Reason
from tenants.accounts import roles
from tenants.site.site import farm_site
from tests.factories import (
    a_printer,
    a_product,
    a_run,
    a_running_run,
    a_spool,
    make_user,
)
from tests.production.admin_rows import pages_of


@pytest.fixture
def manager(furnished_admin, farm):
    return deepcopy(furnished_admin[0])


@pytest.fixture
def rows(furnished_admin, farm):
    return deepcopy(furnished_admin[1])


def registered():
    import_module(settings.ROOT_URLCONF)
    return sorted(model._meta.label_lower for model in farm_site._registry)


PRINTING = {"print_labels", "print_travellers"}


def test_the_admin_has_a_page_for_every_model_people_work_with():
    assert registered() == [
        "accounts.auditevent",
        "accounts.backup",
        "accounts.devicetoken",
        "accounts.farmsettings",
        "accounts.floordevice",
        "accounts.user",
        "inventory.extrafield",
        "inventory.filament",
        "inventory.hold",
        "inventory.inventorytransaction",
        "inventory.location",
        "inventory.manufacturer",
        "inventory.materialtype",
        "inventory.recognisedrepeat",
        "inventory.spool",
        "inventory.spoolevent",
        "inventory.stocktake",
        "inventory.stocktakeline",
        "jobs.job",
        "production.picture",
        "production.printer",
        "production.printerslot",
        "production.printhost",
        "production.product",
        "production.productionrun",
        "production.reason",
        "production.slicedfile",
        "production.slicercorrection",
    ]


def test_verbs_ask_for_permissions_that_exist():
    everything = roles.permissions(roles.MANAGER)
    for model_admin in farm_site._registry.values():
        for verb in getattr(model_admin, "verbs", ()):
            assert verb.permission in everything


@pytest.mark.parametrize("role", roles.FARM_ROLES)
def test_nobody_writes_or_deletes_what_only_verbs_write(rows, farm_client, role):
    farm_client.force_login(make_user(role=role))
    before = list(InventoryTransaction.objects.values()), list(SpoolEvent.objects.values())
    for name in ("inventorytransaction", "spoolevent", "auditevent"):
        pages = pages_of(rows[name])
        for page in ("row", "delete", "add"):
            assert farm_client.post(pages[page], {"grams": "1", "post": "yes"}).status_code == 403
    for name in ("productionrun", "spool"):
        pages = pages_of(rows[name])
        farm_client.post(pages["delete"], {"post": "yes"})
        rows[name].refresh_from_db()
        form = {"action": "delete_selected", "_selected_action": [rows[name].pk], "post": "yes"}
        farm_client.post(pages["list"], form)
        rows[name].refresh_from_db()
    after = list(InventoryTransaction.objects.values()), list(SpoolEvent.objects.values())
    assert after == before


def test_a_viewer_changes_nothing(rows, farm_client, viewer):
    farm_client.force_login(viewer)
    for row in rows.values():
        pages = pages_of(row)
        for page in ("row", "delete", "add"):
            assert farm_client.post(pages[page], {"post": "yes"}).status_code == 403
        text = farm_client.get(pages["list"], follow=True).content.decode()
        actions = text.partition('<select name="action"')[2].partition("</select>")[0]
        assert set(re.findall(r"value=\"([a-z_]+)\"", actions)) <= PRINTING


def test_the_index_tells_what_needs_looking_at(rows, farm_client, viewer):
    running = a_running_run((a_spool(), 10), printer=a_printer("Busy"))
    stuck = a_run(printer=a_printer("Dirty", needs_clearing=True))
    farm_client.force_login(viewer)
    text = farm_client.get("/admin/").content.decode()
    assert running.number in text
    assert stuck.number in text
    assert "Parts of the last run are on the bed of Dirty." in text
    assert text.count('<svg class="columns"') == 4


@pytest.mark.parametrize("page", ["list", "run", "printer", "spool"])
def test_a_run_that_cannot_start_is_blocked_everywhere(rows, farm_client, viewer, page):
    printer, spool = a_printer(needs_clearing=True), a_spool()
    run = a_run((spool, 10), printer=printer)
    pages = {
        "list": f"/admin/production/productionrun/?q={run.number}",
        "run": f"/admin/production/productionrun/{run.pk}/change/",
        "printer": f"/admin/production/printer/{printer.pk}/change/",
        "spool": f"/admin/inventory/spool/{spool.pk}/change/",
    }
    farm_client.force_login(viewer)
    text = farm_client.get(pages[page]).content.decode()
    assert re.findall(r'class="badge status-\w+">(\w+)<', text) == ["Blocked"]


def test_the_index_takes_the_same_queries_whatever_happens(
    rows, farm_client, manager, django_assert_max_num_queries
):
    def more_runs():
        a_running_run((a_spool(), 10), items=[(a_product(grams=1), 1)], printer=a_printer())
        a_run((a_spool(), 10), items=[(a_product(grams=1), 1)], printer=a_printer())

    farm_client.force_login(manager)
    more_runs()
    with django_assert_max_num_queries(60) as few:
        farm_client.get("/admin/")
    for _ in range(5):
        more_runs()
    with django_assert_max_num_queries(60) as many:
        farm_client.get("/admin/")
    assert len(many) == len(few)


def test_reasons_keep_their_code(rows, farm_client, manager):
    reason = Reason.objects.get(kind="failure", code="nozzle_clog")
    farm_client.force_login(manager)
    url = reverse("admin:production_reason_change", args=[reason.pk])
    farm_client.post(url, {"label": "Clogged", "code": "other_code", "is_active": "on"})
    reason.refresh_from_db()
    assert (reason.label, reason.code) == ("Clogged", "nozzle_clog")
