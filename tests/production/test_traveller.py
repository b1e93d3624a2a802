"""The traveller of a run: what is on paper, and where its code leads."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Location
from inventory.services.spools import shelf
from production.models import ProductionRun
from production.paper import traveller
from production.services import completion
from production.services.printing import slots
from production.services.runs import lifecycle
from production.services.runs.lines import NewItem
from tenants.accounts.models import FarmSettings
from tests import pdf
from tests.factories import (
    PASSWORD,
    a_filament,
    a_material_type,
    a_printer,
    a_product,
    a_run,
    a_running_run,
    a_slot,
    a_spool,
    make_user,
)

RUNS = "/api/v1/production-runs/"
PAGES = "/admin/production/productionrun/"
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def on_paper(*runs):
    rows = ProductionRun.objects.for_paper().filter(pk__in=[run.pk for run in runs])
    header = {"farm": "https://alpha.example.com", "farm_name": "Alpha", "printed_at": AT}
    return traveller.pdf(list(rows.order_by("pk")), **header)


@pytest.mark.usefixtures("farm")
def test_it_says_what_is_made_what_to_load_and_how_long():
    filament = a_filament("Ocean blue", color_name="Blue")
    dry = Location.objects.create(name="Dry box 3")
    spool = shelf.move(a_spool(800, filament=filament, lot_number="L-7"), location=dry, by=None)
    run = a_run(
        (spool, 120, 5),
        items=[(a_product("CLIP-01", name="Clip"), 12)],
        printer=a_printer("Elm"),
        planned_minutes=95,
        notes="Slow first layer.\nSecond <line> & more",
    )
    [text] = pdf.texts(on_paper(run))
    for header in (
        run.number, "Elm", "CLIP-01", "Clip", "12 ×", "Ocean blue", "PLA · Blue", spool.code,
        "Dry box 3", "800 g by the book, lot L-7", "125 g", "5 g of it purge", "1 h 35",
        "Slow first layer.", "Second <line> & more", "Good", "Scrapped", "Scale after",
        "Alpha · printed 2026-03-01 13:00",
    ):  # fmt: skip
        assert header in text, header
    assert pdf.codes(on_paper(run)) == [f"HTTPS://ALPHA.EXAMPLE.COM/R/{run.number}"]


@pytest.mark.usefixtures("farm")
def test_a_spool_in_a_printer_is_looked_for_there_and_one_to_choose_has_room():
    spool, slot = a_spool(), a_slot("A1", printer=a_printer("Elm"))
    slots.load(spool, slot=slot, by=None)
    assert "in Elm A1" in pdf.texts(on_paper(a_run((spool, 10))))[0]
    product = a_product(grams=20, material_type=a_material_type("ASA"))
    run = lifecycle.create(by=None, items=[NewItem(product=product, quantity=1)])
    text = pdf.texts(on_paper(run))[0]
    assert "any ASA" in text
    assert "not chosen yet" in text


@pytest.mark.usefixtures("farm")
def test_what_was_noted_already_is_printed_and_a_run_of_nothing_too():
    run = a_running_run((a_spool(), 10), items=[(a_product(), 3)])
    completion.complete(run, by=None, as_planned=True, actual_minutes=75)
    text = pdf.texts(on_paper(run))[0]
    assert "Completed" in text
    assert "1 h 15" in text
    assert pdf.codes(on_paper(a_run())) != []


@pytest.mark.usefixtures("farm")
def test_a_long_run_goes_on_on_the_next_page_with_its_number_and_code():
    run = a_run(
        items=[(a_product(f"SKU-{number}", name="A" * 200), 1) for number in range(40)],
        notes="word " * 1500 + "\n" + "W" * 3000,
    )
    document = on_paper(run)
    pages = pdf.texts(document)
    assert len(pages) > 2
    assert all(run.number in page for page in pages)
    assert f"{run.number} · page 2" in pages[1]
    assert set(pdf.codes(document)) == {f"HTTPS://ALPHA.EXAMPLE.COM/R/{run.number}"}


@pytest.mark.usefixtures("farm")
def test_several_runs_each_begin_a_page_and_too_many_are_refused():
    runs = [a_run(), a_run()]
    first, second = pdf.texts(on_paper(*runs))
    assert runs[0].number in first
    assert runs[1].number in second
    with pytest.raises(traveller.TooManyTravellers):
        traveller.pdf([a_run()] * 101, farm="", farm_name="", printed_at=AT)


# --- Its code ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/r/{}", "/R/{}", "/R/{}/"])
def test_the_code_opens_the_run_at_the_floor(at_admin, path):
    run = a_run()
    for number in (run.number, run.number.lower()):
        answer = at_admin.get(path.format(number))
        assert (answer.status_code, answer["Location"]) == (302, f"/floor/runs/{run.pk}/")


def test_whoever_is_not_signed_in_comes_back_to_the_run(farm_client, farm):
    run = a_run()
    make_user(username="otto")
    answer = farm_client.get(f"/R/{run.number}")
    assert answer["Location"] == f"/accounts/login/?next=/R/{run.number}"
    words = {"username": "otto", "password": PASSWORD, "next": f"/R/{run.number}"}
    assert farm_client.post("/accounts/login/", words)["Location"] == f"/R/{run.number}"


def test_a_number_of_no_run_of_this_farm_is_404(at_admin):
    gone = a_run()
    lifecycle.delete(gone, by=None)
    for number in (gone.number, "NO-1"):
        answer = at_admin.get(f"/R/{number}")
        assert answer.status_code == 404
        assert b"No run of this farm has the number" in answer.content
    assert at_admin.get("/R/%00").status_code == 400


def test_the_scanned_address_finds_the_run_at_the_floor_too(at_admin):
    run = a_run()
    answer = at_admin.get("/floor/find/", {"code": f"HTTPS://ALPHA.EXAMPLE.COM/R/{run.number}"})
    assert answer["Location"] == f"/floor/runs/{run.pk}/"


# --- Every interface ---------------------------------------------------------------------------


def test_a_program_prints_it(api_client, viewer):
    FarmSettings.objects.update(address="https://farm.example.com")
    api_client.force_authenticate(viewer)
    run = a_run((a_spool(), 10))
    answer = api_client.get(f"{RUNS}{run.pk}/traveller/", HTTP_ACCEPT="application/pdf")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer["Content-Disposition"] == f'inline; filename="{run.number}.pdf"'
    assert pdf.codes(answer.content) == [f"HTTPS://FARM.EXAMPLE.COM/R/{run.number}"]
    missing = api_client.get(f"{RUNS}1/traveller/", HTTP_ACCEPT="application/pdf")
    assert (missing.status_code, missing["Content-Type"]) == (404, "application/problem+json")


def test_chosen_runs_are_printed_from_the_list_and_one_from_its_page(at_admin):
    runs = [a_run((a_spool(), 10)), a_run((a_spool(), 10))]
    chosen = {"action": "print_travellers", "_selected_action": [run.pk for run in runs]}
    url = at_admin.post(PAGES, chosen)["Location"]
    assert len(pdf.codes(at_admin.get(url).content)) == 2
    text = at_admin.get(f"{PAGES}{runs[0].pk}/change/").content.decode()
    assert f'href="{PAGES}travellers/?ids={runs[0].pk}"' in text
    for query in ("", "?ids=", "?ids=x", f"?ids={'9' * 30}", "?ids=1"):
        assert at_admin.get(f"{PAGES}travellers/{query}").status_code == 404


def test_the_number_of_queries_does_not_grow_with_the_runs(at_admin):
    def printing(runs):
        ids = ",".join(str(run.pk) for run in runs)
        with CaptureQueriesContext(connection) as queries:
            assert at_admin.get(f"{PAGES}travellers/?ids={ids}").status_code == 200
        return len(queries)

    def full():
        return a_run((a_spool(), 10), items=[(a_product(), 1)], printer=a_printer())

    few = [full() for _ in range(2)]
    printing(few)
    assert printing(few) == printing([*few, *(full() for _ in range(6))])
