"""Websockets of our own pages: told that something changed, and not what."""

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from inventory.services.spools import shelf
from production.services.printing import midprint
from tests.config.sockets.live import SECONDS, heard, heard_nothing, open_at
from tests.factories import PASSWORD, a_printer, a_running_run, a_spool, make_user


@pytest.fixture
def run(live, committed_farm):
    return a_running_run((a_spool(), 40), printer=a_printer())


@pytest.fixture
def browser(live, committed_farm):
    """Signed in as an operator."""
    make_user(username="ida")
    browser = live.client(committed_farm)
    browser.get("/accounts/login/")
    form = {"username": "ida", "password": PASSWORD}
    form["csrfmiddlewaretoken"] = browser.cookies["spoolbook-csrf"]
    assert browser.post("/accounts/login/", data=form).status_code == 302
    return browser


@pytest.fixture
def page(live, committed_farm, run, browser):
    """``page(origin=...)``: how its script opens a websocket, in the session of an operator."""
    host = f"{committed_farm.slug}.localhost"
    cookie = {"Cookie": f"spoolbook-session={browser.cookies['spoolbook-session']}"}

    def how(origin=f"http://{host}", headers=cookie):
        how = {"origin": origin, "additional_headers": headers}
        return (live, host, f"/floor/runs/{run.pk}/"), how

    return how


def test_the_page_of_a_run_hears_of_the_run_and_of_its_spools(page, run):
    place, how = page()
    spool = run.materials.get().spool
    with open_at(*place, **how) as websocket:
        shelf.describe(spool, by=None, comment="dry")
        shelf.describe(a_spool(), by=None, comment="another one")
        event = {"type": "updated", "resource": "spool", "id": spool.number}
        assert heard(websocket) == [event]
        midprint.save_actuals(run, by=None, actual_minutes=5)
        assert heard(websocket)[0] == {"type": "updated", "resource": "run", "id": run.pk}
        assert heard_nothing(websocket)


def test_a_page_of_another_site_hears_nothing(page):
    place, how = page(origin="https://evil.example")
    with pytest.raises(InvalidStatus, match="HTTP 403"):
        open_at(*place, **how).close()


@pytest.mark.parametrize("path", ["/accounts/logout/", "/admin/logout/", "/floor/leave/"])
def test_who_signs_out_hears_no_more(page, browser, path):
    place, how = page()
    with open_at(*place, **how) as websocket:
        form = {"csrfmiddlewaretoken": browser.cookies["spoolbook-csrf"]}
        assert browser.post(path, data=form).status_code in (200, 302, 303)
        with pytest.raises(ConnectionClosed) as error:
            websocket.recv(timeout=SECONDS)
    assert error.value.rcvd.code == 1008


def test_nobody_hears_without_a_sign_in(page):
    place, how = page(headers={})
    with pytest.raises(ValueError, match="cannot follow redirect to .*/accounts/login/"):
        open_at(*place, **how).close()
