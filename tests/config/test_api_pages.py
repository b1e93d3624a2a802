"""The pages of the browsable API: titles, breadcrumbs, and forms that can be sent."""

import html
import json
import re

import pytest

from config.api.examples import EXAMPLES
from production.models import ProductionRun
from tests.config.routes import routes
from tests.factories import a_printer, a_product, a_run, a_running_run, a_spool

V1 = "/api/v1/"
FORM = re.compile(r'<textarea name="_content".*?>(.*?)</textarea>', re.DOTALL)
TITLE = re.compile(r"<h1>(.*?)</h1>", re.DOTALL)
CRUMBS = re.compile(r'<ul class="breadcrumb">(.*?)</ul>', re.DOTALL)


@pytest.fixture
def browser(farm_client, manager):
    farm_client.force_login(manager)
    return farm_client


def page(browser, path, status=200):
    answer = browser.get(f"{V1}{path}", headers={"Accept": "text/html"})
    assert answer.status_code == status
    return answer.content.decode()


def title(text):
    return html.unescape(TITLE.search(text).group(1)).strip()


def forms(text):
    return [json.loads(html.unescape(form)) for form in FORM.findall(text)]


def send(browser, method, path, body):
    return browser.generic(
        method.upper(),
        f"{V1}{path}",
        json.dumps(body),
        content_type="application/json",
        headers={"Accept": "application/json"},
    )


# --- Forms -------------------------------------------------------------------------------------


def test_a_form_without_an_example_holds_the_fields_that_are_needed(browser):
    spool, path = a_spool(), f"spools/{a_spool().pk}/move/"
    (form,) = forms(page(browser, path, 405))
    assert form == {"location_name": None}
    assert send(browser, "post", path, form).status_code == 200
    (form,) = forms(page(browser, f"spools/{spool.pk}/adjust/", 405))
    assert form == {"grams": None, "reason": ""}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("production-runs/", "production-runs.create"),
        ("production-runs/{run}/complete/", "production-runs.complete"),
        ("spools/import/", "spools.import_table"),
    ],
)
def test_a_form_starts_with_the_example_of_its_operation(browser, path, name):
    run = a_running_run((a_spool(), 10))
    text = page(browser, path.format(run=run.pk), 200 if name.endswith("create") else 405)
    body = html.unescape(FORM.search(text).group(1)).lstrip("\r\n")
    assert (json.loads(body) if body.startswith("{") else body) == EXAMPLES[name]


@pytest.mark.parametrize(
    ("path", "needed"),
    [
        ("printers/", {"name": "Mk4"}),  # with the preset of its example
        ("locations/", {"name": "Shelf"}),
        ("manufacturers/", {"name": "Polyfil"}),
        ("material-types/", {"code": "PLA", "name": "PLA", "density_g_cm3": "1.24"}),
    ],
)
def test_a_form_of_a_new_row_can_be_sent_once_its_gaps_are_filled(browser, path, needed):
    (form,) = forms(page(browser, path))
    assert form.keys() >= needed.keys()
    answer = send(browser, "post", path, form | needed)
    assert answer.status_code == 201, answer.content
    assert answer.json().get("is_active", True)


def test_a_form_to_change_a_row_is_the_row_itself(browser):
    run = a_run((a_spool(), 10), items=[(a_product(), 2)])
    spool, printer = a_spool(), a_printer()
    for path in (
        f"production-runs/{run.pk}/",
        f"production-runs/{run.pk}/items/{run.items.get().pk}/",
        f"production-runs/{run.pk}/materials/{run.materials.get().pk}/",
        f"spools/{spool.pk}/",
        f"printers/{printer.pk}/",
        f"products/{a_product().pk}/",
        f"filaments/{spool.filament_id}/",
    ):
        (form,) = forms(page(browser, path))
        answer = send(browser, "put", path, form)
        assert answer.status_code == 200, (path, answer.content)
        changing = {"version", "updated_at"}
        assert answer.json().keys() - {"changed", "revaluation"} == form.keys()
        for name in form.keys() - changing:
            assert answer.json()[name] == form[name], (path, name)


def test_a_form_that_was_refused_keeps_what_was_sent(browser):
    answer = browser.post(
        f"{V1}locations/",
        json.dumps({"name": "", "comment": "mine"}),
        content_type="application/json",
        headers={"Accept": "text/html"},
    )
    assert answer.status_code == 400
    assert forms(answer.content.decode()) == [{"name": "", "comment": "mine"}]


# --- Titles and crumbs -------------------------------------------------------------------------


def test_a_page_is_called_as_what_it_is_about(browser):
    spool, run = a_spool(), a_run((a_spool(), 10))
    for path, expected in {
        "": "Root",
        "spools/": "Spools",
        f"spools/{spool.pk}/": f"Spool {spool.pk}",
        "production-runs/": "Production runs",
        f"production-runs/{run.pk}/": f"Production run {run.pk}",
        f"production-runs/{run.pk}/variance/": f"Production run {run.pk}: variance",
        f"spools/{spool.pk}/transactions/": "Inventory transactions",
        "reports/stock/": "Stock",
        "me/": "Me",
    }.items():
        assert title(page(browser, path)) == expected


def test_the_page_of_a_verb_shows_its_form_to_who_may(browser, viewer):
    path = f"spools/{a_spool().pk}/weigh/"
    text = page(browser, path, 405)
    assert "This address takes POST." in text
    assert len(forms(text)) == 1
    browser.force_login(viewer)
    assert forms(page(browser, path, 405)) == []


def test_a_program_that_gets_a_verb_is_told_405(api_client, manager):
    api_client.force_authenticate(manager)
    run = a_run((a_spool(), 10))
    answer = api_client.get(f"{V1}production-runs/{run.pk}/start/")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


def test_crumbs_lead_through_addresses_that_are_there(browser):
    run = a_run((a_spool(), 10))
    text = CRUMBS.search(page(browser, f"production-runs/{run.pk}/materials/")).group(1)
    found = re.findall(r'<a href="(.*?)">(.*?)</a>', text)
    assert found == [
        ("/api/v1/", "Root"),
        ("/api/v1/production-runs/", "Production runs"),
        (f"/api/v1/production-runs/{run.pk}/", "Production run"),
        (f"/api/v1/production-runs/{run.pk}/materials/", "Run materials"),
    ]
    for address, _ in found:
        assert browser.get(address).status_code == 200


def test_the_page_of_a_run_that_is_gone_is_a_page(browser):
    run = a_run((a_spool(), 10))
    ProductionRun.objects.update(deleted_at=run.created_at)
    for verb in ("", "start/", "variance/"):
        text = page(browser, f"production-runs/{run.pk}/{verb}", 405 if verb == "start/" else 404)
        assert run.number not in text


# --- The first page ------------------------------------------------------------------------------


def test_the_first_page_names_every_address_that_can_be_read_by_itself(browser):
    first = browser.get(V1, headers={"Accept": "application/json"}).json()
    alone = {
        route.path.removeprefix(V1).strip("/")
        for route in routes()
        if route.path.startswith(V1) and "{" not in route.path
        if "get" in getattr(route.view, "actions", {"get": ""})
    }
    of_lists = {"spools/labels", "filaments/catalogue", "printers/models"}
    assert alone - {"", *of_lists} == first.keys() - {"scan"}
    assert first["me/undo"].endswith("/api/v1/me/undo/")
