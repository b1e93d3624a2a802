"""The explanation of a run names what the slicer said, and what is usual in other runs."""

from decimal import Decimal

import pytest

from production.services import explanation
from production.services.completion.actuals import ItemCount
from tests.factories import a_filament, a_printer, a_product, a_running_run, a_spool
from tests.production.completed_runs import printed as printed_without_file
from tests.production.sliced_files.sliced_runs import (
    a_sliced_run,
    completed,
    printed,
    started,
    weighed,
)
from tests.queries import fresh, queries_of

pytestmark = pytest.mark.usefixtures("farm")
PAGES = "/admin/production/"


def explained(run):
    return explanation.of_run(fresh(run)).as_dict()


def test_it_names_the_factor_of_the_run_and_what_is_usual_of_its_filament():
    white = a_filament("White")
    for grams in (103, 105):
        printed(a_spool(filament=white), 100, grams)
    run = printed(a_spool(filament=white), 50, 54, copies=2)
    found = explained(run)
    assert found["slicer"] == [
        {
            "slot": 1,
            "sliced": 100,
            "measured": 54,
            "factor": Decimal("0.54"),
            "filament": white.pk,
            "printer": None,
            "usual_factor": Decimal("1.04"),
            "usual_runs": 2,
        }
    ]
    assert found["sentence"].endswith(
        "The slicer says 100 g for slot 1, 54 g were measured: 0.54 times as much. In 2 other runs "
        "it was 1.04 times as much with Polyfil White."
    )


def test_where_no_other_run_of_the_filament_was_measured_it_names_the_printer():
    printer = a_printer("MK4")
    printed(a_spool(), 100, 102, printer=printer)
    run = printed(a_spool(), 100, 105, printer=printer)
    assert "In 1 other run it was 1.02 times as much with MK4." in explained(run)["sentence"]


def test_without_other_runs_it_names_that_of_the_run_alone():
    found = explained(printed(a_spool(), 100, 105))
    assert found["sentence"].endswith("105 g were measured: 1.05 times as much.")
    [slot] = found["slicer"]
    assert (slot["usual_factor"], slot["usual_runs"]) == (None, 0)


def test_what_the_slicer_says_right_is_in_no_sentence():
    found = explained(printed(a_spool(), 100, 100))
    assert found["slicer"][0]["factor"] == 1
    assert "slicer" not in found["sentence"]


def test_of_what_was_not_measured_or_not_printed_whole_nothing_is_said():
    run = a_sliced_run((a_spool(), 100))
    assert explained(run)["slicer"] == []
    assert explained(completed(started(run)))["slicer"] == []
    spool = a_spool()
    run = started(a_sliced_run((spool, 100), items=[(a_product(), 4)]))
    counts = [ItemCount(item=run.items.get().pk, good_count=2, scrapped_count=0)]
    found = explained(completed(run, weighed(spool, 52), items=counts))
    assert found["slicer"] == []
    assert "The slicer says" not in found["sentence"]


def test_it_asks_more_only_of_a_run_of_a_file():
    plain = printed_without_file((a_spool(), 10))
    first, second = (printed(a_spool(), 100, 104, printer=a_printer()) for _ in range(2))
    few = queries_of(lambda: explained(plain))
    assert queries_of(lambda: explained(first)) <= few + 5
    for _ in range(5):
        printed(a_spool(filament=first.materials.get().spool.filament), 100, 104)
    assert queries_of(lambda: explained(first)) <= few + 5
    assert second.pk != first.pk


def test_the_api_and_the_page_of_the_run_show_it(api, as_manager):
    white = a_filament("White")
    printed(a_spool(filament=white), 100, 103)
    run = printed(a_spool(filament=white), 100, 104)
    found = api.get(f"/api/v1/production-runs/{run.pk}/explanation/").json()
    assert found["slicer"][0]["usual_factor"] == "1.0300"
    page = as_manager.get(f"{PAGES}productionrun/{run.pk}/change/").content.decode()
    assert "The slicer says 100 g for slot 1, 104 g were measured" in page
    row = page.partition("Slots of the sliced file")[2].partition("</table>")[0]
    cells = {"Slicer g": "100", "Booked g": "104", "Weighed g": "104", "Metered g": "–"}
    for label, text in cells.items():
        assert f'data-label="{label}">{text}</td>' in row
    assert 'data-label="Factor">1.0400</td>' in row


def test_the_page_of_the_product_sums_its_runs(as_manager):
    product = a_product(grams=25)
    for grams in (103, 105):
        printed(a_spool(), 100, grams, items=[(product, 4)])
    page = as_manager.get(f"{PAGES}product/{product.pk}/change/").content.decode()
    row = page.partition("Slots of the sliced file, over completed runs")[2].partition("</table>")[
        0
    ]
    for label, text in {"Runs": "2", "Slicer g": "200", "Weighed g": "208"}.items():
        assert f'data-label="{label}">{text}</td>' in row
    other = as_manager.get(f"{PAGES}product/{a_product().pk}/change/").content.decode()
    assert "Slots of the sliced file" not in other


def test_a_run_without_a_file_has_no_slots_on_its_page(as_manager):
    run = a_running_run((a_spool(), 10))
    page = as_manager.get(f"{PAGES}productionrun/{run.pk}/change/").content.decode()
    assert "Slots of the sliced file" not in page


def test_a_manager_accepts_on_the_page_and_withdraws(as_manager):
    white = a_filament("White")
    printed(a_spool(filament=white), 100, 104)
    listed = f"{PAGES}slicercorrection/"
    page = as_manager.get(listed).content.decode()
    assert "Polyfil White" in page
    assert "1.0400" in page
    form = {"filament": white.pk, "printer": ""}
    done = as_manager.post(f"{listed}accept/", form, follow=True).content.decode()
    assert "corrected from now on: Polyfil White × 1.04" in done
    again = as_manager.post(f"{listed}accept/", form, follow=True).content.decode()
    assert "It is corrected by 1.04 already." in again
    gone = as_manager.post(f"{listed}accept/", {"filament": 0}, follow=True).content.decode()
    assert "the filament or the printer is gone" in gone
    correction = white.slicer_corrections.get()
    address = f"{listed}{correction.pk}/withdraw/"
    page = as_manager.get(address)
    seen = page.context["seen"]
    as_manager.post(address, {"_do": "1", "_seen": seen}, follow=True)
    assert not fresh(correction).is_current


def test_nobody_else_accepts_on_the_page(at_admin):
    listed = f"{PAGES}slicercorrection/"
    printed(a_spool(), 100, 104)
    assert "Accept the factor" not in at_admin.get(listed).content.decode()
    assert at_admin.post(f"{listed}accept/", {}).status_code == 403
