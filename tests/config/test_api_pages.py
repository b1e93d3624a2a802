"""The pages that people explore the API with: titles, crumbs, and forms that can be sent back."""

import html
import json
import re
from types import SimpleNamespace

import pytest
from django.urls import resolve

from config.api.examples import told
from config.api.renderers import operation_of
from production.models import ProductionRun
from tests.config.routes import routes
from tests.factories import a_filament, a_printer, a_product, a_run, a_running_run, a_spool

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


# --- Examples ----------------------------------------------------------------------------------


def test_a_form_is_shown_with_what_was_really_sent_once(browser):
    run = a_running_run((a_spool(), 10))
    for path in ("production-runs/", f"production-runs/{run.pk}/complete/"):
        text = page(browser, path, 405 if "complete" in path else 200)
        (shown,) = re.findall(r"As it was really sent once:<pre>(.*?)</pre>", text, re.DOTALL)
        assert json.loads(html.unescape(shown))["items"][0]["product_sku"] == "SIGN-2"


def test_every_post_that_has_an_example_is_found_by_its_address():
    found = {named(route) for route in routes() if route.is_api and "post" in verbs(route)}
    sent = {name for name, each in told()["operations"].items() if each.get("request")}
    changes = {name for name in sent if name.endswith("update")}
    assert sent - changes <= found


def verbs(route):
    return getattr(route.view, "actions", {})


def named(route):
    url_name = resolve(route.address(*[1] * 9)).url_name
    view, request = SimpleNamespace(action=verbs(route)["post"]), SimpleNamespace()
    request.resolver_match = SimpleNamespace(url_name=url_name)
    return operation_of(view, request)


# --- Forms -------------------------------------------------------------------------------------


def test_the_form_of_a_new_spool_wants_nothing_but_its_filament(browser):
    a_filament("Deep blue")
    (form,) = forms(page(browser, "spools/"))
    assert form["filament_name"] == ""
    answer = send(browser, "post", "spools/", form | {"filament_name": "Deep blue"})
    assert answer.status_code == 201, answer.content


def test_the_form_of_a_new_run_wants_nothing_but_a_product_and_a_quantity(browser):
    a_product("BODY", grams=20)
    (form,) = forms(page(browser, "production-runs/"))
    assert form == {
        "printer_name": None,
        "notes": "",
        "items": [{"product_sku": "", "quantity": None}],
    }
    form["items"][0] |= {"product_sku": "BODY", "quantity": 2}
    answer = send(browser, "post", "production-runs/", form)
    assert answer.status_code == 201, answer.content
    assert len(answer.json()["materials"]) == 1


@pytest.mark.parametrize(
    ("path", "needed"),
    [
        ("products/", {"sku": "BODY", "name": "Body"}),
        ("printers/", {"name": "Mk4", "bed_x_mm": 1, "bed_y_mm": 1, "bed_z_mm": 1}),
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
        assert answer.json().keys() == form.keys()
        for name in form.keys() - changing:
            assert answer.json()[name] == form[name], (path, name)


def test_the_form_of_a_completion_names_the_lines_of_the_run(browser):
    run = a_running_run((a_spool(), 100), items=[(a_product("CLIP"), 5)])
    path = f"production-runs/{run.pk}/complete/"
    (form,) = forms(page(browser, path, 405))
    assert form["materials"][0]["id"] == run.materials.get().pk
    form["materials"][0]["actual_grams"] = 90
    form["items"][0]["good_count"] = 5
    answer = send(browser, "post", path, form)
    assert answer.status_code == 200, answer.content
    assert answer.json()["status"] == "completed"


@pytest.mark.parametrize(
    "verb", ["start", "cancel", "unstart", "progress", "fail", "actuals", "revert", "correct",
             "reassign", "reprint", "swap-spool"],
)  # fmt: skip
def test_a_form_of_a_verb_holds_nothing_that_can_not_be_said(browser, verb):
    run = a_running_run((a_spool(), 100), items=[(a_product("CLIP"), 5)])
    path = f"production-runs/{run.pk}/{verb}/"
    (form,) = forms(page(browser, path, 405))
    errors = send(browser, "post", path, form).json().get("errors", {})
    assert "There is no such field." not in str(errors)
    assert "read_only" not in str(errors)


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
        "": "Addresses",
        "spools/": "Spools",
        f"spools/{spool.pk}/": f"Spool {spool.code}",
        "production-runs/": "Production runs",
        f"production-runs/{run.pk}/": f"Production run {run.number}",
        f"production-runs/{run.pk}/variance/": f"Production run {run.number}: variance",
        f"spools/{spool.pk}/transactions/": "Inventory transactions",
        "reports/stock/": "Stock",
        "me/": "Me",
    }.items():
        assert title(page(browser, path)) == expected


def test_the_page_of_a_verb_says_that_it_takes_a_post_and_shows_its_form(browser, viewer):
    run, spool = a_run((a_spool(), 10)), a_spool()
    text = page(browser, f"production-runs/{run.pk}/swap-spool/", 405)
    assert title(text) == f"Production run {run.number}: swap spool"
    assert "This address takes a POST only" in text
    assert "method_not_allowed" not in text
    assert len(forms(text)) == 1
    assert title(page(browser, f"spools/{spool.pk}/weigh/", 405)) == f"Spool {spool.code}: weigh"
    assert title(page(browser, "spools/receive/", 405)) == "Spools: receive"
    browser.force_login(viewer)
    text = page(browser, f"spools/{spool.pk}/weigh/", 405)
    assert "your role does not include it" in text
    assert forms(text) == []


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
        ("/api/v1/", "Addresses"),
        ("/api/v1/production-runs/", "Production runs"),
        (f"/api/v1/production-runs/{run.pk}/", f"Production run {run.number}"),
        (f"/api/v1/production-runs/{run.pk}/materials/", "Run materials"),
    ]
    for address, _ in found:
        assert browser.get(address).status_code == 200
    assert "HostNotFound" not in page(browser, "nothing/", 404)


def test_a_title_tells_nothing_to_who_may_not_see_the_row(farm_client):
    run = a_run((a_spool(), 10))
    for path in (f"production-runs/{run.pk}/", f"production-runs/{run.pk}/start/"):
        answer = farm_client.get(f"{V1}{path}", headers={"Accept": "text/html"})
        assert answer.status_code == 401
        assert run.number not in answer.content.decode()


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
    assert alone - {"", "spools/labels"} == first.keys() - {"scan"}
    assert first["me/undo"].endswith("/api/v1/me/undo/")
