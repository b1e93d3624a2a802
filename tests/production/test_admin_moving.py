"""A Spoolman imported on a page of the admin: previewed by a job, then brought by another."""

import json
import re
from functools import partial

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from inventory.models import Spool
from production.services import invariants
from production.spoolman.importing.address import Server
from tenants.jobs.models import Job
from tests.conftest import browser_of, work_off
from tests.factories import make_user
from tests.production.spoolman.sources import AT, Spoolman, filament, spool, vendor
from tests.responses import text_of

PAGE = "/admin/inventory/spool/moving/"
MAKER = vendor(1, "Ada")
RED = filament(1, vendor=MAKER, name="Red", weight=1000.0)
OF_RED = {"registered": AT, "filament_id": 1, "used_weight": 10, "initial_weight": 100}
FILES = {
    "vendors": [MAKER],
    "filaments": [{"id": 1, "registered": AT, "density": 1.24, "diameter": 1.75, "vendor_id": 1}],
    "spools": [OF_RED | {"id": 1}, OF_RED | {"id": 2, "filament_id": 9}],
}


@pytest.fixture
def person(committed_farm):
    return make_user(role="manager", username="mona", name="Mona")


@pytest.fixture
def at_admin(committed_farm, person):
    return browser_of(committed_farm, person)


@pytest.fixture
def do_all(committed_farm):
    return partial(work_off, committed_farm)


def files():
    return [
        SimpleUploadedFile(f"{name}.json", json.dumps(each).encode())
        for name, each in FILES.items()
    ]


def cells_of(page, title):
    """Of the row of a table."""
    row = page.partition(f'<th scope="row">{title}</th>')[2].partition("</tr>")[0]
    return re.findall(r"<td[^>]*>([^<]*)</td>", row)


def test_files_are_previewed_and_then_imported_once(at_admin, person, do_all):
    begun = at_admin.post(PAGE, {"files": files()})
    page = PAGE + begun["Location"]
    assert "Waiting for its turn" in text_of(at_admin.get(page))
    do_all()
    preview = text_of(at_admin.get(page))
    assert cells_of(preview, "Spools") == ["1", "0", "0", "1"]
    assert "what is left of 1 spool is the same, 90 g" in preview
    assert "spool 2: Its filament 9 is not there." in preview
    assert not Spool.objects.exists()
    first, again = (at_admin.post(page, {"_do": "Import"})["Location"] for _ in range(2))
    assert first == again
    do_all()
    done = text_of(at_admin.get(PAGE + first))
    assert "vendors.json, filaments.json, spools.json is imported." in done
    made = Spool.objects.get()
    entry = made.transactions.first()
    assert (made.number, made.remaining_grams, entry.source) == (1, 90, "import")
    assert entry.performed_by == person
    assert list(invariants.violations()) == []


def test_an_address_is_asked_by_the_job_and_its_password_is_in_no_page(
    at_admin, do_all, monkeypatch
):
    answers = Spoolman(vendors=[MAKER], filaments=[RED], spools=[spool(1, RED)]).answers
    monkeypatch.setattr(Server, "get", lambda _self, path: answers[path])
    begun = at_admin.post(PAGE, {"address": "http://me:SECRET@spoolman.example.com"})
    do_all()
    page = text_of(at_admin.get(PAGE + begun["Location"]))
    assert "http://spoolman.example.com: what would come" in page
    assert "SECRET" not in page + str(Job.objects.values())


def test_a_private_address_is_refused_by_the_job(at_admin, do_all):
    begun = at_admin.post(PAGE, {"address": "http://127.0.0.1:1"})
    do_all()
    assert "private address 127.0.0.1" in text_of(at_admin.get(PAGE + begun["Location"]))
    assert Job.objects.get().status == "refused"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "Give the address, or choose the files."),
        ({"address": "nowhere"}, "“nowhere” is no address"),
    ],
)
def test_what_is_no_source_is_told_at_once(at_admin, given, sentence):
    assert sentence in text_of(at_admin.post(PAGE, given))
    assert not Job.objects.exists()


def test_files_that_are_none_are_told_by_the_job(at_admin, do_all):
    begun = at_admin.post(PAGE, {"files": files()[:2]})
    do_all()
    assert "spools.json is missing" in text_of(at_admin.get(PAGE + begun["Location"]))


def test_a_preview_of_somebody_else_is_not_imported(committed_farm, at_admin, do_all):
    begun = at_admin.post(PAGE, {"files": files()})
    do_all()
    other = browser_of(committed_farm, make_user(role="manager", username="max"))
    answer = text_of(other.post(PAGE + begun["Location"], {"_do": "Import"}))
    assert "another person’s: begin again" in answer
    assert Job.objects.count() == 1


def test_the_page_is_for_managers(committed_farm):
    operator = browser_of(committed_farm, make_user(role="operator", username="otto"))
    assert operator.get(PAGE).status_code == 403
    assert PAGE not in text_of(operator.get("/admin/inventory/spool/"))
    manager = browser_of(committed_farm, make_user(role="manager", username="mia"))
    assert f'href="{PAGE}"' in manager.get("/admin/inventory/spool/").content.decode()
