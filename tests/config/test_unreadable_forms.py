"""Forms that can't be read, and choices that are no ids: a page with an error, never a 500."""

import re

import pytest
from django.contrib.admin.widgets import AutocompleteMixin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.test import RequestFactory

from config.api import pages
from tenants.site.forms import Autocomplete
from tenants.web.requests import Request
from tests.budgets import some_of
from tests.config.routes import routes

MULTIPART = "multipart/form-data; boundary=x"
UNREADABLE = {
    "endless headers": (b"[" * 9000, MULTIPART),
    "no boundary": (b"a=b", "multipart/form-data"),
    "a broken part": (b'--x\r\nContent-Disposition: form-data; name="a', MULTIPART),
    "another charset": (b"a=b", "application/x-www-form-urlencoded; charset=utf8"),
}
NOWHERE = ["/x", "/x/", "/static/zz", "/admin/zz/", "/floor/zz/", "/accounts/zz"]
NO_IDS_SENT = ["on", "1.5", "\ufffd", "²", "9" * 30]
NO_IDS = ["on", "1.5", "%FF", "²", "-1", "9" * 30, "9" * 5000, "1 OR 1=1"]
ADMIN = [route for route in routes() if route.path.startswith("/admin/")]


@pytest.mark.parametrize("what", UNREADABLE)
@pytest.mark.parametrize("host", ["alpha.localhost", "localhost"])
def test_no_form_makes_a_500_where_there_is_no_page(farm, client_at, operator, what, host):
    body, kind = UNREADABLE[what]
    browser = client_at(host)
    browser.handler.enforce_csrf_checks = True
    browser.raise_request_exception = False
    browser.cookies["spoolbook-csrf"] = "z" * 32
    for is_signed_in in (False, True):
        if is_signed_in and host.startswith("alpha"):
            browser.force_login(operator)
        for path in NOWHERE:
            answer = browser.generic("POST", path, body, kind)
            assert answer.status_code == 404, (path, answer.status_code)
        for path in ("/accounts/login/", "/help/zz/"):
            answer = browser.generic("POST", path, body, kind)
            assert answer.status_code in (400, 403), (path, answer.status_code)


@pytest.mark.parametrize("view", [pages.not_found, pages.not_permitted, pages.bad_request])
def test_no_page_of_an_error_reads_what_was_sent(farm, view):
    made = RequestFactory().generic("POST", "/x/", *UNREADABLE["endless headers"])
    request = Request(made.environ)
    answer = view(request, PermissionDenied())
    assert answer.status_code in (400, 403, 404)
    assert not hasattr(request, "_post")


@pytest.fixture
def browser(both, farm_client, operator):
    farm_client.force_login(operator)
    farm_client.raise_request_exception = False
    return farm_client


def addresses(both, pattern):
    ids = both[0]
    return [route.address(*ids[route.path]) for route in ADMIN if re.search(pattern, route.path)]


def choices(answer):
    """The autocompletes of a page, by the names that their values are sent as."""
    found = re.findall(r'<select name="([^"]+)"[^>]*admin-autocomplete', answer.content.decode())
    return [name for name in found if "__prefix__" not in name]


def test_a_choice_that_is_no_id_is_shown_as_none(browser, both):
    names = {}
    for number, address in enumerate(addresses(both, "/add/$")):
        names |= dict.fromkeys(choices(browser.get(address)))
        of_all = [*names, "location", "user", "code", "name", "is_active", "priority", "due_at"]
        for text in some_of(NO_IDS, number):
            answer = browser.get(f"{address}?{'&'.join(f'{name}={text}' for name in of_all)}")
            assert answer.status_code in (200, 302, 403), (address, text)
    assert {"printer", "manufacturer", "material_type", "spool"} <= {*names}


def test_a_choice_that_is_no_id_is_an_error_of_its_form(browser, both, manager):
    """In every form of the admin: to add, to change, and of every verb."""
    browser.force_login(manager)
    forms = addresses(both, r"/(add|change)/$|\{pk\}/(?!sheet/)[a-z_]+/$|/receive/$")
    names = {address: choices(browser.get(address)) for address in forms}
    with_choices = [address for address in forms if names[address]]
    assert len(with_choices) > 5
    for number, address in enumerate(with_choices):
        for text in some_of(NO_IDS_SENT, number):
            answer = posted(browser, address, filled(names[address], text))
            assert answer.status_code == 200, (address, text, answer.status_code)
            assert "errorlist" in answer.content.decode(), (address, text)


def filled(names, text):
    """What a form sends, with the text for each of its choices and in each of its lines."""
    lines = [match[1] for name in names if (match := re.fullmatch(r"(\w+)-\d+-\w+", name))]
    counts = {f"{line}-{part}_FORMS": "9" for line in lines for part in ("TOTAL", "INITIAL")}
    return dict.fromkeys(names, text) | counts


def posted(browser, address, sent):
    with transaction.atomic():
        answer = browser.post(address, sent, follow=True)
        transaction.set_rollback(True)
    return answer


def test_a_selected_row_that_is_no_id_is_none(browser, both, manager):
    browser.force_login(manager)
    for number, address in enumerate(addresses(both, "^/admin/[a-z]+/[a-z]+/$")):
        page = browser.get(address).content.decode()
        for action in {*re.findall(r'<option value="(do_\w+)"', page)}:
            for text in some_of(NO_IDS_SENT, number):
                sent = {"action": action, "_selected_action": text}
                answer = posted(browser, address, sent)
                assert answer.status_code == 200, (address, action, text)
                assert "select the rows again" in answer.content.decode(), (address, action, text)


def test_every_autocomplete_takes_any_value(browser, both, manager):
    """One that is Django's own would fail at a value that is no id."""
    browser.force_login(manager)
    for address in addresses(both, r"/(add|change)/$"):
        answer = browser.get(address)
        for each in answer.context or ():
            form = each.get("adminform")
            for field in form.form.fields.values() if form else ():
                widget = getattr(field.widget, "widget", field.widget)
                if isinstance(widget, AutocompleteMixin):
                    assert isinstance(widget, Autocomplete), (address, field.label)


@pytest.mark.parametrize("text", NO_IDS)
def test_an_autocomplete_that_is_to_look_among_no_ids_answers(browser, farm, text):
    field = "app_label=production&model_name=runmaterial&field_name=spool&term="
    for name in ("filament", "material_type"):
        answer = browser.get(f"/admin/autocomplete/?{field}&{name}={text}")
        assert answer.status_code == 200
