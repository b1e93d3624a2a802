"""Runs in the admin: found in the list, planned and described on their page."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from production.models import Reason
from production.services import completion
from production.services.runs import lifecycle
from production.services.runs.lines import NewItem
from tests.factories import (
    a_filament,
    a_material_type,
    a_printer,
    a_product,
    a_run,
    a_running_run,
    a_spool,
)
from tests.production.admin_forms import LIST, numbers, page_of
from tests.production.completed_runs import printed_with

# --- The list ----------------------------------------------------------------------------------


def test_the_list_tells_plan_actual_and_what_is_off(at_admin):
    product = a_product("CLIP-1", name="Cable clip")
    printed_with(
        a_spool(filament=a_filament(color_hex="87CEEB")),
        100,
        90,
        items=[(product, 4)],
        planned_minutes=95,
    )
    printed_with(a_spool(), 100, 125, items=[(product, 2)], actual_minutes=None)
    text = at_admin.get(LIST).content.decode()
    assert '<span class="badge status-completed">Completed</span>' in text
    assert '<span class="quiet">100</span> → <strong>90</strong>' in text
    assert '<span class="quiet">1 h 35</span> → <strong>1 h 35</strong>' in text
    assert 'title="CLIP-1"><span class="quiet">4&nbsp;×</span>&nbsp;Cable clip' in text
    assert 'fill="#87CEEB"' in text
    assert "−10.0 %" in text
    assert text.count('class="beyond"') == 1  # the farm's threshold is 10 %, itself included
    assert "+25.0 % ⚠" in text
    assert '<rect class="more" x="0.0" y="2" width="25.0"' in text
    assert '<rect class="on-plan" x="-10.0" y="2" width="10.0"' in text


def test_the_list_takes_the_same_queries_for_1_run_and_for_30(at_admin):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert at_admin.get(LIST).status_code == 200
        return len(captured)

    def one():
        a_run((a_spool(), 5), items=[(a_product(), 1), (a_product(), 2)], printer=a_printer())

    one()
    queries()
    at_one = queries()
    for _ in range(29):
        one()
    assert queries() == at_one


def test_runs_are_narrowed_by_what_people_know(at_admin):
    petg = a_filament(material_type=a_material_type("PETG"))
    spool, printer, product = a_spool(filament=petg), a_printer(), a_product()
    mine = a_run((spool, 5), items=[(product, 1)], printer=printer)
    other = a_run((a_spool(), 5), items=[(a_product(), 1)], printer=a_printer())
    lifecycle.cancel(other, by=None)
    found = {mine.number}
    assert numbers(at_admin, "status=planned") == numbers(at_admin, "status=open") == found
    assert numbers(at_admin, f"printer={printer.pk}") == found
    assert numbers(at_admin, f"product={product.pk}") == found
    assert numbers(at_admin, f"material_type={petg.material_type_id}") == found
    assert numbers(at_admin, f"spool={spool.code.lower()}") == found
    assert numbers(at_admin, "scheduled_at_from=2020-01-01&scheduled_at_to=2020-02-01") == set()
    assert numbers(at_admin, "scheduled_at_from=2020-01-01") == {mine.number, other.number}


def test_runs_are_found_by_number_product_and_spool(at_admin):
    spool, product = a_spool(), a_product("HOOK-7")
    mine = a_run((spool, 5), items=[(product, 1)])
    a_run()
    _prefix, day_and_place = mine.number.split("-", 1)
    for words in (mine.number[-3:], "hook-7", spool.code[:5], f"hook {day_and_place}"):
        assert numbers(at_admin, f"q={words}") == {mine.number}


@pytest.mark.parametrize(
    "query", ["printer=x", "product=999999", "scheduled_at_from=never", "status=odd", "p=77"]
)
def test_nonsense_in_the_address_does_no_harm(at_admin, query):
    a_run()
    assert at_admin.get(f"{LIST}?{query}", follow=True).status_code == 200


def test_days_are_drilled_into(at_admin):
    run = a_run()
    day = timezone.localtime(run.created_at)
    query = f"scheduled_at__year={day.year}&scheduled_at__month={day.month}"
    assert numbers(at_admin, query) == {run.number}
    assert numbers(at_admin, f"scheduled_at__year={day.year - 1}") == set()


def test_deleted_runs_are_gone(at_admin):
    run = a_run()
    lifecycle.delete(run, by=None)
    assert numbers(at_admin) == set()
    assert at_admin.get(page_of(run)).status_code == 302


# --- The page ----------------------------------------------------------------------------------


def test_the_page_says_what_keeps_the_run_from_starting(at_admin):
    printer = a_printer("Oak", needs_clearing=True)
    items = [NewItem(product=a_product(grams=5), quantity=3)]
    run = lifecycle.create(by=None, items=items, printer=printer)
    text = at_admin.get(page_of(run)).content.decode()
    assert "Parts of the last run are on the bed of Oak." in text
    assert "No spool yet for 15 g of PLA." in text


def test_the_page_shows_variance_cost_events_and_entries(at_admin):
    spool = a_spool(price=Decimal(20))
    run = printed_with(spool, 100, 110, items=[(a_product(), 2)])
    text = at_admin.get(page_of(run)).content.decode()
    assert "+10.0 %" in text
    assert "2.20" in text  # 110 g at 0.02
    assert '<svg class="comparison"' in text
    assert (
        reverse("admin:inventory_inventorytransaction_change", args=[run.transactions.get().pk])
        in text
    )
    assert spool.code in text
    assert "planned → in progress" in text


def test_buttons_are_what_the_run_allows(at_admin, operator):
    run = a_run()
    labels = [button["verb"].name for button in at_admin.get(page_of(run)).context["buttons"]]
    assert labels == ["refresh_plan", "start", "copy", "cancel", "delete"]
    clogged = Reason.objects.get(kind="failure", code="nozzle_clog")
    failed = completion.fail(a_running_run(), by=operator, reason=clogged).run
    labels = [button["verb"].name for button in at_admin.get(page_of(failed)).context["buttons"]]
    assert labels == ["reassign", "revert", "reprint", "copy"]


def test_figures_that_are_only_looked_at_have_no_trailing_zeros(at_admin):
    run = a_running_run((a_spool(), 10), planned_minutes=140)
    assert '<div class="readonly">140</div>' in at_admin.get(page_of(run)).content.decode()


def test_a_viewer_has_no_buttons(farm_client, viewer):
    run = a_run()
    farm_client.force_login(viewer)
    assert farm_client.get(page_of(run)).context["buttons"] == []


def test_the_search_for_a_spool_tells_colour_and_what_is_left(at_admin):
    spool = a_spool(500, filament=a_filament("Sky", color_hex="87CEEB"))
    a_run((spool, 120))
    query = {"app_label": "production", "model_name": "runmaterial", "field_name": "spool"}
    answer = at_admin.get("/admin/autocomplete/", query | {"term": "sky"}).json()
    (found,) = answer["results"]
    assert found["id"] == str(spool.pk)
    assert spool.code in found["text"]
    assert found["note"] == "500 g left, 380 g available"
    assert 'fill="#87CEEB"' in found["glyph"]
