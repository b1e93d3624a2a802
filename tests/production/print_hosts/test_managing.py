"""A manager enters where a printer takes files; what is sent as the key is shown to nobody."""

import json

import pytest
from django.utils import timezone

from production.models import PrintHost
from production.services.print_hosts import managing
from tenants.accounts.models import AuditEvent
from tenants.operations.refusals import Duplicate, Invalid
from tests.factories import a_print_host, a_printer
from tests.queries import fresh
from tests.responses import done, refused, text_of

HOSTS = "/api/v1/print-hosts/"
PAGES = "/admin/production/printhost/"
KEY = "k-5f2e-b7"


def enter(**fields):
    given = {"printer": a_printer(), "kind": "octoprint", "url": "http://192.0.2.7", "secret": KEY}
    return managing.create(by=None, **(given | fields))


@pytest.mark.usefixtures("farm")
def test_a_printer_has_one():
    host = enter(url="https://192.0.2.7/octoprint/")
    with pytest.raises(Duplicate):
        enter(printer=host.printer)


@pytest.mark.usefixtures("farm")
@pytest.mark.parametrize(
    "url",
    [
        "192.0.2.7",
        "ftp://192.0.2.7",
        "http://",
        "http://user:pass@192.0.2.7",
        "http://a b",
        "http://a/?x=1",
        "http://a/#x",
        "http://a:99999",
        "http://a:0",
        "http://[::1",
        "http://a\r\nX: 1",
        "http://ä.example.com",
    ],
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(Invalid):
        enter(url=url)


@pytest.mark.usefixtures("farm")
def test_a_user_is_of_prusalink_alone():
    with pytest.raises(Invalid, match="Only PrusaLink"):
        enter(username="maker")
    host = enter(username="maker", kind="prusalink")
    with pytest.raises(Invalid, match="Only PrusaLink"):
        managing.update(host, kind="moonraker", secret="", by=None)


@pytest.mark.usefixtures("farm")
@pytest.mark.parametrize("moved", [{"url": "http://192.0.2.8"}, {"kind": "moonraker"}])
def test_a_key_goes_to_no_other_address(moved):
    host = enter()
    with pytest.raises(Invalid, match="another address"):
        managing.update(host, by=None, **moved)
    managing.update(host, by=None, secret="k-2", **moved)
    assert fresh(host).secret == "k-2"
    managing.update(a_print_host(), by=None, **moved)  # there is none


@pytest.mark.usefixtures("farm")
def test_the_same_address_keeps_its_key():
    host = enter()
    managing.update(host, by=None, url=host.url, kind=host.kind)
    assert fresh(host).secret == KEY


@pytest.mark.usefixtures("farm")
def test_the_audit_trail_does_not_name_the_key():
    host = enter()
    managing.update(host, secret="k-other", by=None)
    managing.delete(host, by=None)
    trail = json.dumps(list(AuditEvent.objects.order_by("pk").values_list("changes", flat=True)))
    assert "(hidden)" in trail
    assert KEY not in trail
    assert "k-other" not in trail


def test_the_api_takes_a_key_and_shows_none(api):
    printer = a_printer("Elm")
    given = {"printer_name": "Elm", "kind": "moonraker", "url": "http://192.0.2.7", "secret": KEY}
    made = done(api.post(HOSTS, given), 201)
    assert (made["has_secret"], made["printer"]) == (True, printer.pk)
    address = f"{HOSTS}{made['id']}/"
    asked = [
        api.get(HOSTS),
        api.get(address),
        api.get(HOSTS, {"format": "csv"}),
        api.get(f"/api/v1/printers/{printer.pk}/"),
        api.patch(address, {"url": "http://192.0.2.7"}),
        api.put(address, made),
        api.options(address),
    ]
    for answer in asked:
        content = b"".join(answer) if answer.streaming else answer.content
        assert answer.status_code == 200, content
        assert KEY.encode() not in content
    refused(api.patch(address, {"url": "http://192.0.2.8"}), 400, "invalid")
    refused(api.patch(address, {"printer": a_printer().pk}), 400, "invalid")
    assert PrintHost.objects.get().secret == KEY
    assert api.delete(address).status_code == 204


@pytest.mark.parametrize("query", ["secret=k", "search=k-5f2e", "ordering=secret"])
def test_no_list_tells_a_key_from_another(api, query):
    enter()
    answer = api.get(f"{HOSTS}?{query}")
    assert answer.status_code == 400 or answer.json()["results"] == []


def test_a_refused_key_is_not_said_again(api):
    given = {"kind": "x", "secret": KEY * 50}
    assert KEY.encode() not in api.post(HOSTS, given).content
    assert KEY.encode() not in api.post(HOSTS, given, HTTP_ACCEPT="text/html").content


def test_pages_take_a_key_and_show_none(farm_client, manager):
    farm_client.force_login(manager)
    printer = a_printer("Elm")
    given = {"printer": printer.pk, "kind": "octoprint", "url": "http://192.0.2.7"}
    answer = farm_client.post(f"{PAGES}add/", given | {"new_secret": KEY})
    assert answer.status_code == 302, text_of(answer)
    host = PrintHost.objects.get()
    change = f"{PAGES}{host.pk}/change/"
    assert host.secret == KEY
    for page in (PAGES, change, f"{PAGES}{host.pk}/history/", f"{PAGES}csv/"):
        answer = farm_client.get(page)
        content = b"".join(answer) if answer.streaming else answer.content
        assert KEY.encode() not in content
    assert farm_client.post(change, given | {"new_secret": ""}).status_code == 302
    assert fresh(host).secret == KEY
    moved = given | {"url": "http://192.0.2.8", "new_secret": ""}
    assert "Enter the key or password again" in text_of(farm_client.post(change, moved))
    assert fresh(host).url == "http://192.0.2.7"
    assert farm_client.get(f"{PAGES}?secret__startswith=k").status_code != 200


def test_the_printers_page_leads_to_it(farm_client, manager, viewer):
    printer = a_printer("Elm", moonraker_url="http://192.0.2.7:7125")
    page = f"/admin/production/printer/{printer.pk}/change/"
    farm_client.force_login(manager)
    body = farm_client.get(page).content.decode()
    assert f"{PAGES}add/?printer={printer.pk}&amp;kind=moonraker" in body
    assert "kind=slicer" in body
    a_print_host(printer, last_filename="bracket.gcode", last_at=timezone.now())
    assert "✓ bracket.gcode" in text_of(farm_client.get(page))
    PrintHost.objects.update(last_problem="It was off.")
    assert "⚠ bracket.gcode: It was off." in text_of(farm_client.get(page))
    farm_client.force_login(viewer)
    assert "It was off." not in text_of(farm_client.get(page))
