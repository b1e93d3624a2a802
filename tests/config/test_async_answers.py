"""Long work asked for at the API and in the admin: a job, its progress, and its file."""

import csv
import io
import json
from decimal import Decimal
from functools import partial

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook

from inventory.models import Filament, Location, Spool
from inventory.services.tables import uploads
from tenants.accounts import services as people
from tenants.accounts.models import User
from tenants.jobs.models import Job
from tenants.site import exports
from tenants.web.csv_export import XLSX
from tests.conftest import FarmAPIClient, browser_of, program_of, work_off
from tests.factories import a_filament, make_user
from tests.responses import done, refused, text_of

ASYNC = {"Prefer": "wait=5, respond-async", "Accept": "text/csv"}
LOCATIONS = "/api/v1/locations/"
FILAMENTS = "/admin/inventory/filament/import/"
SPOOLS = "/admin/inventory/spool/import/"
TABLE = "name,material,density_g_cm3\nSky,PLA,1.24\n,PLA,1.24\n"


@pytest.fixture
def operator(committed_farm):
    return make_user(role="operator", username="otto", name="Otto")


@pytest.fixture
def api(committed_farm, operator):
    return program_of(committed_farm, operator)


@pytest.fixture
def at_admin(committed_farm, operator):
    return browser_of(committed_farm, operator)


@pytest.fixture
def do_all(committed_farm):
    return partial(work_off, committed_farm)


def a_few_locations():
    Location.objects.bulk_create(Location(name=f"Shelf {number}") for number in range(3))


def names_in(answer):
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return {row["name"] for row in csv.DictReader(io.StringIO(text))}


def test_an_export_is_made_as_a_job_where_the_caller_prefers_it(api, do_all):
    a_few_locations()
    begun = api.get(f"{LOCATIONS}?search=shelf&format=csv", headers=ASYNC)
    job = done(begun, 202)
    assert begun["Preference-Applied"] == "respond-async"
    assert begun["Location"].endswith(f"/api/v1/jobs/{job['id']}/")
    assert (job["status"], job["total"], job["by_username"]) == ("waiting", 3, "otto")
    again = api.get(f"{LOCATIONS}?search=shelf&format=csv", headers=ASYNC)
    assert done(again, 202)["id"] == job["id"]
    early = api.get(f"{begun['Location']}result/")
    refused(early, 409, "job_unfinished")
    assert early["Retry-After"] == "2"
    do_all()
    job = done(api.get(begun["Location"]))
    assert (job["status"], job["result_type"]) == ("done", "text/csv; charset=utf-8")
    assert (job["done"], job["total"]) == (3, 3)
    answer = api.get(f"{begun['Location']}result/", headers={"Accept": "text/csv"})
    assert answer["Content-Disposition"].startswith('attachment; filename="locations-')
    assert names_in(answer) == {"Shelf 0", "Shelf 1", "Shelf 2"}
    assert names_in(api.get(LOCATIONS, headers={"Accept": "text/csv"})) == {
        "Shelf 0",
        "Shelf 1",
        "Shelf 2",
    }
    report = "/api/v1/reports/consumption/?group_by=product"
    assert done(api.get(report, headers=ASYNC), 202)["total"] == 0
    api.head(report, headers=ASYNC)
    assert Job.objects.count() == 2
    Job.objects.update(result_bytes=None)
    refused(api.get(f"{begun['Location']}result/"), 410, "result_dropped")


def test_a_table_is_imported_as_a_job_where_the_caller_prefers_it(api, do_all):
    a_filament("Red")
    key = {"Prefer": "respond-async", "Idempotency-Key": "delivery"}
    send = {"content_type": "text/csv", "headers": key}
    body = b"name,initial_grams\nRed,750\nReed,1000\n"
    begun, again = (api.generic("POST", "/api/v1/spools/import/", body, **send) for _ in range(2))
    assert done(begun, 202) == done(again, 202)
    assert again["Location"] == begun["Location"]
    do_all()
    report = api.get(f"{begun['Location']}result/")
    assert report["Content-Type"] == "application/json"
    report = b"".join(report.streaming_content).decode()
    assert '"created_count": 1' in report
    assert Spool.objects.get().code in report
    send["headers"]["Idempotency-Key"] = "other"
    refused(
        api.generic("POST", "/api/v1/spools/import/", b"colour\nred", **send), 400, "unusable_table"
    )


def test_a_table_of_products_is_imported_as_a_job(api, do_all):
    send = {"content_type": "text/csv", "headers": {"Prefer": "respond-async"}}
    body = b"sku,name,materials\nA-1,Hook,\nB-1,Clip,PLA\n"
    begun = api.generic("POST", "/api/v1/products/import/", body, **send)
    do_all()
    answer = b"".join(api.get(f"{begun['Location']}result/").streaming_content)
    report = json.loads(answer)
    assert (report["created_count"], report["refused_count"]) == (1, 1)


def test_a_catalogue_is_imported_as_a_job_with_the_same_answer(api, do_all):
    entries = [
        {"id": "sky", "name": "Sky", "material": "PLA", "density": 1.24, "weight": 750.5},
        {"id": "x", "name": "Heavy", "material": "PLA", "density": "heavy"},
    ]
    address, headers = "/api/v1/filaments/import-catalogue/", {"Prefer": "respond-async"}
    at_once = done(api.post(f"{address}?dry_run=true", entries, format="json"))
    for query in ("?dry_run=true", ""):
        begun = api.post(f"{address}{query}", entries, format="json", headers=headers)
        job = done(begun, 202)
        assert (job["title"], job["total"]) == ("Import of a catalogue: catalogue.json", 4)
        assert not Filament.objects.exists()
        do_all()
        answer = b"".join(api.get(f"{begun['Location']}result/").streaming_content)
        assert json.loads(answer) == at_once | {"dry_run": bool(query)}
    assert Filament.objects.get().net_grams == Decimal("750.5")
    refused(api.post(address, {"a": 1}, format="json", headers=headers), 400, "unusable_catalogue")


def test_a_job_is_seen_and_cancelled_by_who_began_it_and_by_managers(api, operator):
    job = done(api.get(LOCATIONS, headers=ASYNC), 202)
    address = f"/api/v1/jobs/{job['id']}/"
    found = done(api.get("/api/v1/jobs/?kind=export&kind=spool_import"))["results"]
    assert [each["id"] for each in found] == [job["id"]]
    refused(api.get("/api/v1/jobs/?kind=spools"), 400, "invalid")
    api.force_authenticate(make_user(role="operator", username="other"))
    assert done(api.get("/api/v1/jobs/"))["results"] == []
    refused(api.get(address), 404, "not_found")
    refused(api.post(f"{address}cancel/"), 404, "not_found")
    api.force_authenticate(make_user(role="manager", username="mona"))
    found = done(api.get("/api/v1/jobs/?status=waiting&by_username=otto"))["results"]
    assert [each["id"] for each in found] == [job["id"]]
    assert done(api.post(f"{address}cancel/"))["status"] == "cancelled"
    refused(api.post(f"{address}cancel/"), 409, "job_ended")
    refused(api.get(f"{address}result/"), 409, "job_has_no_result")
    Job.objects.update(permission="accounts.view_user")  # which the scope does not include
    reader = User.objects.get(username="mona")
    reader.scope = "read"
    api.force_authenticate(reader)
    refused(api.get(f"{address}result/"), 404, "not_found")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("page=99", 404),
        ("page=0", 400),
        ("page_size=10000", 400),
        ("ordering=nothing", 400),
        ("is_active=perhaps", 400),
        ("nothing=1", 400),
    ],
)
def test_what_can_not_be_answered_is_refused_at_once(api, query, status):
    Location.objects.create(name="Shelf")
    assert api.get(f"{LOCATIONS}?{query}", headers=ASYNC).status_code == status
    assert not Job.objects.exists()


def test_a_page_is_as_many_steps_as_it_has_rows(api, do_all):
    for name in "ABC":
        Location.objects.create(name=name)
    job = done(api.get(f"{LOCATIONS}?page=2&page_size=2", headers=ASYNC), 202)
    assert job["total"] == 1
    do_all()
    job = Job.objects.get(pk=job["id"])
    assert (job.status, job.done) == ("done", 1)


@pytest.mark.parametrize(
    ("scope", "begun_with", "status"),
    [
        ("read", "read", 200),
        ("read", "floor", 403),
        ("read", "all", 403),
        ("read", None, 403),  # in a session
        ("floor", "read", 200),
        ("floor", "all", 403),
        ("all", "floor", 200),
        ("all", None, 200),
    ],
)
def test_a_token_cancels_what_its_scope_includes(api, operator, scope, begun_with, status):
    job = Job.objects.get(pk=done(api.get(LOCATIONS, headers=ASYNC), 202)["id"])
    if begun_with:
        job.token, _secret = people.issue_token(operator, name="x", scope=begun_with, by=operator)
        job.save()
    operator.scope = scope
    api.force_authenticate(operator)
    answer = api.post(f"/api/v1/jobs/{job.pk}/cancel/")
    if status == 200:
        assert done(answer)["status"] == "cancelled"
    else:
        problem = refused(answer, 403, "insufficient_scope")
        assert (problem["scope"], problem["scope_needed"]) == (scope, begun_with or "all")
        assert Job.objects.get().status == "waiting"


def test_an_import_of_a_stolen_token_ends_with_it(committed_farm, operator, do_all):
    a_filament("Red")
    token, secret = people.issue_token(operator, name="Slicer", scope="floor", by=operator)
    thief = FarmAPIClient(host=f"{committed_farm.slug}.localhost")
    headers = {"Authorization": f"Token {secret}", "Prefer": "respond-async"}
    headers["Idempotency-Key"] = "loot"
    body = b"name,initial_grams\nRed,750\n"
    send = {"content_type": "text/csv", "headers": headers}
    done(thief.generic("POST", "/api/v1/spools/import/", body, **send), 202)
    people.revoke_token(token, by=operator)
    do_all()
    job = Job.objects.get()
    assert (job.token, job.status, Spool.objects.count()) == (token, "refused", 0)
    assert job.problem["detail"].startswith("The token it was begun with has been revoked: Slicer.")


def test_an_export_of_what_the_person_may_not_read_is_refused(api, do_all):
    begun = done(api.get("/api/v1/filaments/", headers=ASYNC), 202)
    Job.objects.update(arguments=Job.objects.get().arguments | {"path": "/api/v1/users/"})
    do_all()
    job = done(api.get(f"/api/v1/jobs/{begun['id']}/"))
    assert (job["status"], job["problem"]["answered"]) == ("refused", 403)


def test_a_list_for_the_scope_all_is_no_job_that_other_tokens_of_its_person_see(api):
    assert api.get("/api/v1/tokens/", headers=ASYNC).status_code == 200
    assert not Job.objects.exists()


def test_a_long_list_of_the_admin_is_offered_as_a_job(at_admin, do_all, monkeypatch):
    for number in range(3):
        a_filament(f"Shelf {number}")
    page = "/admin/inventory/filament/csv/?q=shelf"
    assert at_admin.get(page).streaming
    monkeypatch.setattr(exports, "LONG", 2)
    assert "The list has 3 rows" in text_of(at_admin.get(page))
    assert len(names_in(at_admin.get(f"{page}&_now=1"))) == 3
    begun = at_admin.post(page)
    assert begun["Location"] == f"/admin/jobs/job/{Job.objects.get().pk}/change/"
    waiting = text_of(at_admin.get(begun["Location"]))
    assert "Waiting for its turn" in waiting
    assert '<div class="readonly">Export</div>' in waiting
    assert "admin-job.js" in waiting
    do_all()
    assert "Download filaments-" in text_of(at_admin.get(begun["Location"]))
    result = at_admin.get(f"/api/v1/jobs/{Job.objects.get().pk}/result/")
    assert names_in(result) == {"Shelf 0", "Shelf 1", "Shelf 2"}
    assert "Export: Filaments" in text_of(at_admin.get("/admin/jobs/job/"))
    at_admin.post(f"{page}&_as=xlsx")
    do_all()
    job = Job.objects.latest("pk")
    assert (job.status, job.done) == ("done", 3)
    result = at_admin.get(f"/api/v1/jobs/{job.pk}/result/")
    assert result["Content-Type"] == XLSX
    book = load_workbook(io.BytesIO(b"".join(result.streaming_content)))
    assert book.active.max_row == 4


def test_a_long_catalogue_of_the_admin_is_previewed_and_imported_as_jobs(
    at_admin, do_all, monkeypatch
):
    monkeypatch.setattr(uploads, "LONG", 1)
    entry = {"material": "PLA", "density": 1.24}
    catalogue = json.dumps([entry | {"id": name, "name": name} for name in ("Sky", "Sea")])
    file = SimpleUploadedFile("filaments.json", catalogue.encode())
    preview = at_admin.post(FILAMENTS, {"file": file})["Location"]
    do_all()
    assert 'value="Import 2 of 2 lines"' in text_of(at_admin.get(FILAMENTS + preview))
    begun = at_admin.post(FILAMENTS + preview, {"_do": "Import"})["Location"]
    do_all()
    assert "filaments.json is imported: 2 created" in text_of(at_admin.get(FILAMENTS + begun))
    assert set(Filament.objects.values_list("name", flat=True)) == {"Sky", "Sea"}


def test_a_long_file_of_the_admin_is_previewed_and_imported_as_jobs(at_admin, do_all, monkeypatch):
    monkeypatch.setattr(uploads, "LONG", 2)
    file = SimpleUploadedFile("table.csv", TABLE.encode())
    preview = at_admin.post(FILAMENTS, {"file": file})["Location"]
    assert "Waiting for its turn" in text_of(at_admin.get(FILAMENTS + preview))
    do_all()
    seen = at_admin.get(FILAMENTS + preview)
    assert 'value="Import 1 of 2 lines"' in text_of(seen)
    assert "name: This is needed." in text_of(seen)
    assert not Filament.objects.exists()
    sent = [at_admin.post(FILAMENTS + preview, {"_do": "Import"})["Location"] for _ in range(2)]
    do_all()
    done_at = text_of(at_admin.get(FILAMENTS + sent[0]))
    assert "table.csv is imported: 1 created" in done_at
    assert (sent[0], Filament.objects.get().name) == (sent[1], "Sky")
    assert "choose the file again" in text_of(at_admin.post(FILAMENTS + sent[0], {"_do": "Import"}))
    assert at_admin.get(SPOOLS + preview).status_code == 404
    pages = [
        text_of(at_admin.get(f"/admin/jobs/job/{job.pk}/change/")) for job in Job.objects.all()
    ]
    assert all("What became of its lines" in page for page in pages)
