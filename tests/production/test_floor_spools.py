"""A spool on the floor: found by its label, looked at, weighed."""

from decimal import Decimal

import pytest
from django.urls import reverse
from django_tenants.utils import tenant_context

from inventory.models import Spool
from inventory.services.spools import shelf
from production.models import PrinterSlot
from tenants.accounts.models import FarmSettings, IdempotencyKey
from tenants.accounts.services import change_settings
from tests.factories import PASSWORD, a_filament, a_printer, a_run, a_running_run, a_spool
from tests.production.floor_helpers import at, page, page_after, queries, touch


def labelled(code):
    spool = a_spool(filament=a_filament("Galaxy", color_name="Deep blue"))
    Spool.objects.filter(pk=spool.pk).update(code=code)
    return Spool.objects.get(pk=spool.pk)


# --- Labels ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/s/10AB10CDE", "/S/10AB10CDE", "/s/ioabiocde", "/S/LOAB10CDE/", "/s/10A-B10-CDE"]
)
def test_a_label_leads_to_its_spool_in_any_case(floor, path):
    spool = labelled("10AB10CDE")
    answer = floor.get(path)
    assert (answer.status_code, answer["Location"]) == (302, at(spool))


def test_a_label_leads_to_its_spool_after_signing_in(farm_client, operator):
    spool = labelled("10AB10CDE")
    answer = farm_client.get("/s/10AB10CDE")
    assert answer["Location"] == "/accounts/login/?next=/s/10AB10CDE"
    words = {"username": "otto", "password": PASSWORD, "next": "/s/10AB10CDE"}
    answer = farm_client.post(reverse("login"), words)
    assert farm_client.get(answer["Location"])["Location"] == at(spool)


def test_an_old_label_still_finds_its_spool(floor):
    spool = a_spool()
    shelf.relabel(spool, by=None)
    assert floor.get(f"/s/{spool.code}")["Location"] == at(spool)


def test_an_unknown_label_says_so(floor):
    assert "No spool of this farm has the label" in page(floor.get("/s/000000000"), 404)
    assert "was it mistyped?" in page(floor.get("/s/NOTACODE"), 404)


# --- Find --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed", ["10ab10cde", "http://alpha.localhost/S/10AB10CDE", "10A B10 CDE"]
)
def test_a_spool_is_found_by_typing_or_scanning_its_code(floor, typed):
    spool = labelled("10AB10CDE")
    assert floor.get("/floor/find/", {"code": typed})["Location"] == at(spool)


def test_a_run_is_found_by_its_number(floor):
    run = a_run()
    answer = floor.get("/floor/find/", {"code": run.number.lower()})
    assert answer["Location"] == f"/floor/runs/{run.pk}/"
    answer = floor.get("/floor/find/", {"code": run.number, "in": "admin"})
    assert answer["Location"] == f"/admin/production/productionrun/{run.pk}/change/"


def test_the_beginning_of_a_code_shows_what_begins_so(floor):
    labelled("10AB10CDE")
    text = page(floor.get("/floor/find/", {"code": "10a"}))
    assert "10A B10 CDE" in text


def test_what_is_not_found_stays_typed_and_is_offered_to_the_lists(floor):
    text = page(floor.get("/floor/find/", {"code": "<nothing>"}), 404)
    assert 'value="&lt;nothing&gt;"' in text
    assert "was it mistyped?" in text
    for rows in ("production/productionrun", "production/product", "inventory/spool"):
        assert f'href="/admin/{rows}/?q=%3Cnothing%3E"' in text


# --- The spool ---------------------------------------------------------------------------------


def test_a_spool_says_what_it_is_what_is_on_it_and_what_claims_it(floor):
    spool = labelled("10AB10CDE")
    run = a_run((spool, "12.345"))
    PrinterSlot.objects.create(printer=a_printer("Elm"), label="A1", spool=spool)
    text = page(floor.get(at(spool)))
    for words in ("Galaxy", "Deep blue", "10A B10 CDE", "1000 g", "987.66 g", "In Elm A1"):
        assert words in text
    assert run.number in text
    assert 'fill="#336699"' in text


def test_the_pages_of_a_spool_ask_few_questions_however_much_happened_to_it(floor):
    spool = a_spool(filament=a_filament("Galaxy"))

    def queries_of_pages():
        return [queries(floor, at(spool, *verb)) for verb in ([], ["weigh"], ["load"])]

    a_run((spool, 1))
    PrinterSlot.objects.create(printer=a_printer(), label="1", spool=a_spool())
    few = queries_of_pages()
    for _ in range(6):
        a_run((spool, 1), printer=a_printer())
        PrinterSlot.objects.create(printer=a_printer(), label="1", spool=a_spool())
    assert queries_of_pages() == few
    assert max(few) <= 12


# --- Weigh -------------------------------------------------------------------------------------


def test_a_spool_is_weighed_with_its_reel(floor, operator):
    spool = a_spool(1000, filament=a_filament("Galaxy"))
    form = page(floor.get(at(spool, "weigh")))
    assert 'data-tare="200' in form
    assert 'inputmode="decimal"' in form
    text = page_after(floor, touch(floor, at(spool, "weigh"), gross_grams="1187,5"))
    assert "987.5 g are on the spool, −12.5 g against the book." in text
    entry = spool.transactions.last()
    assert (entry.kind, entry.grams, entry.source) == ("count", Decimal("-12.5"), "floor")
    assert entry.performed_by == operator


def test_a_weight_hard_to_believe_is_asked_about_and_may_be_confirmed(floor):
    spool = a_spool(1000, filament=a_filament("Galaxy"))
    again = page(touch(floor, at(spool, "weigh"), gross_grams="400"), 409)
    assert 'value="400"' in again
    assert 'name="confirm"' in again
    assert 'id="id_gross_grams_error"' in again
    touch(floor, at(spool, "weigh"), gross_grams="400", confirm="on")
    assert Spool.objects.get().remaining_grams == 200


@pytest.mark.parametrize("typed", ["", "heavy", "-3", "1e99", "NaN"])
def test_what_is_no_weight_is_said_beside_the_field(floor, typed):
    spool = a_spool()
    again = page(touch(floor, at(spool, "weigh"), gross_grams=typed), 400)
    assert 'id="id_gross_grams_error"' in again
    assert spool.transactions.count() == 1


def test_an_unknown_reel_is_said(floor):
    spool = a_spool(filament=a_filament("Bare", tare_grams=None))
    again = page(touch(floor, at(spool, "weigh"), gross_grams="900"), 409)
    assert "empty reel" in again


def test_while_a_run_prints_the_weight_is_kept_for_its_completion(floor):
    spool = a_spool(1000, filament=a_filament("Galaxy"))
    run = a_running_run((spool, 40))
    assert f"Run {run.number} prints from it" in page(floor.get(at(spool, "weigh")))
    text = page_after(floor, touch(floor, at(spool, "weigh"), gross_grams="1160"))
    assert f"Saved for run {run.number}" in text
    assert run.materials.get().gross_after_grams == 1160
    assert 'value="1160"' in page(floor.get(f"/floor/runs/{run.pk}/complete/"))
    touch(floor, at(spool, "weigh"), gross_grams="1160", as_count="on")
    assert Spool.objects.get().remaining_grams == 960


def test_a_weight_sent_twice_is_counted_once(floor):
    spool = a_spool(1000)
    for _ in range(2):
        answer = touch(floor, at(spool, "weigh"), gross_grams="1190", idempotency_key="a-key")
        assert "990 g are on the spool" in page_after(floor, answer)
    assert spool.transactions.count() == 2


def test_a_weight_whose_answer_is_no_longer_kept_is_not_counted_again(floor):
    spool = a_spool(1000)
    form = {"gross_grams": "1190", "idempotency_key": "a-key"}
    touch(floor, at(spool, "weigh"), **form)
    IdempotencyKey.objects.update(content=None)
    assert "The request was carried out once" in page(touch(floor, at(spool, "weigh"), **form), 409)
    json = {"Accept": "application/json"}
    answer = touch(floor, at(spool, "weigh"), headers=json, **form)
    assert (answer.status_code, answer.json()["code"]) == (409, "answer_dropped")
    assert spool.transactions.count() == 2


def test_a_key_that_was_used_for_other_figures_says_so(floor):
    spool = a_spool(1000)
    touch(floor, at(spool, "weigh"), gross_grams="1190", idempotency_key="a-key")
    again = page(touch(floor, at(spool, "weigh"), gross_grams="1180", idempotency_key="a-key"), 422)
    assert 'value="1180"' in again
    assert Spool.objects.get().remaining_grams == 990


# --- Whose -------------------------------------------------------------------------------------


def test_another_farms_spool_is_not_here(floor, other_farm):
    with tenant_context(other_farm):
        spool = a_spool()
    for path in (at(spool), at(spool, "weigh"), f"/s/{spool.code}"):
        assert spool.filament.name not in page(floor.get(path), 404)


def test_figures_are_in_the_locale_of_the_farm(floor):
    change_settings(FarmSettings.load(), by=None, locale="de")
    spool = a_spool("987.5")
    assert "987,5 g" in page(floor.get(at(spool)))
    refused = page(touch(floor, at(spool, "weigh"), gross_grams="10,5"), 409)
    assert "189,5 g less than the empty reel" in refused
    assert "Enter a number." in page(touch(floor, at(spool, "weigh"), gross_grams="x"), 400)
    FarmSettings.objects.update(locale="nowhere")
    FarmSettings.copy_to_public()
    assert "987.5 g" in page(floor.get(at(spool)))
