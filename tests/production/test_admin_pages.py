"""Every page of the admin, by every role: viewers look, operators run, managers manage."""

import re
from importlib import import_module

import pytest
from django.conf import settings
from django.urls import reverse

from inventory.models import InventoryTransaction, SpoolEvent
from production.models import Reason
from tenants.accounts import roles
from tenants.jobs.models import Job
from tenants.site.site import farm_site
from tests.factories import (
    a_printer,
    a_product,
    a_run,
    a_running_run,
    a_spool,
    make_user,
)
from tests.production.admin_rows import pages_of, set_up


@pytest.fixture
def rows(farm, manager):
    return set_up(by=manager)


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
        "inventory.filament",
        "inventory.inventorytransaction",
        "inventory.location",
        "inventory.manufacturer",
        "inventory.materialtype",
        "inventory.spool",
        "inventory.spoolevent",
        "jobs.job",
        "production.printer",
        "production.printerslot",
        "production.product",
        "production.productionrun",
        "production.reason",
    ]


@pytest.mark.parametrize("role", roles.FARM_ROLES)
def test_who_sees_which_page(rows, farm_client, role):
    """What the role may view opens, and nothing else; to add a row takes the right to add one."""
    farm_client.force_login(make_user(role=role))
    granted, wrong = roles.permissions(role), []
    for model in farm_site._registry:
        app, name = model._meta.app_label, model._meta.model_name
        pages = pages_of(rows[name])
        may_view = f"{app}.view_{name}" in granted
        made = ("spool", "inventorytransaction", "spoolevent", "floordevice", "backup")
        may_add = f"{app}.add_{name}" in granted and name not in made
        expected = {"list": may_view, "row": may_view, "history": may_view, "add": may_add}
        for page, is_open in expected.items():
            status = farm_client.get(pages[page], follow=True).status_code
            if status != (200 if is_open else 403):
                wrong.append((role, pages[page], status))
    assert wrong == []


@pytest.mark.parametrize("role", roles.FARM_ROLES)
def test_who_may_carry_out_which_verb(rows, farm_client, role):
    farm_client.force_login(make_user(role=role))
    wrong = []
    for model, model_admin in farm_site._registry.items():
        row = rows[model._meta.model_name]
        for verb in getattr(model_admin, "verbs", ()):
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}_do_{verb.name}"
            url = reverse(name, args=[row.pk])
            expected = 200 if verb.permission in roles.permissions(role) else 403
            if model is Job and role != roles.MANAGER:
                expected = 404  # another's
            answers = [farm_client.get(url).status_code, farm_client.post(url).status_code]
            if answers != [expected, expected]:
                wrong.append((role, url, answers))
    assert wrong == []


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


def test_every_page_keeps_the_strict_policy(rows, farm_client, manager):
    """Nothing inline, nothing from elsewhere: in what we write and in what Django brings."""
    farm_client.force_login(manager)
    pages = [reverse("admin:index"), reverse("admin:inventory_spool_receive")]
    for row in rows.values():
        pages += list(pages_of(row).values())
    for model, model_admin in farm_site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_do_"
        row = rows[model._meta.model_name]
        verbs = getattr(model_admin, "verbs", ())
        pages += [reverse(name + verb.name, args=[row.pk]) for verb in verbs]
    for page in pages:
        answer = farm_client.get(page)
        if answer.status_code != 200:
            continue
        text = answer.content.decode()
        policy = answer["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "default-src 'self'" in policy
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text), page
        assert not re.search(r"<script(?![^>]*src=)(?![^>]*application/json)", text), page
        assert not re.search(r'(src|href)="(https?:)?//', text), page


def test_the_index_tells_what_needs_looking_at(rows, farm_client, viewer):
    running = a_running_run((a_spool(), 10), printer=a_printer("Busy"))
    stuck = a_run(printer=a_printer("Dirty", needs_clearing=True))
    farm_client.force_login(viewer)
    text = farm_client.get("/admin/").content.decode()
    assert running.number in text
    assert stuck.number in text
    assert "Parts of the last run are on the bed of Dirty." in text
    assert text.count('<svg class="columns"') == 4


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
