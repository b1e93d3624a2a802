"""Who is at the tablet: registered once, a name and a PIN, an operator's rights, then the next."""

import re
import time
from http.cookies import SimpleCookie

import pytest
from django.urls import reverse

from inventory.models import Spool
from tenants.accounts import devices, floor_sessions, pins, roles
from tenants.accounts.models import FloorDevice, PinTries, User
from tests.factories import PASSWORD, a_printer, a_spool, make_user
from tests.production.floor_helpers import page, page_after, queries, touch

PIN = "8362"
WHO = "/floor/who/"


@pytest.fixture
def tablet(farm_client, manager):
    """A browser that a manager registered; nobody is signed in."""
    _device, secret = devices.register(name="Door", by=manager)
    farm_client.cookies = SimpleCookie({floor_sessions.COOKIE: secret})
    return farm_client


@pytest.fixture
def otto(operator):
    return pins.set_pin(operator, pin=PIN, by=None)


@pytest.fixture
def mona(manager):
    return pins.set_pin(manager, pin=PIN, by=None)


def come(tablet, user, pin=PIN, **fields):
    return touch(tablet, WHO, person=user.pk, pin=pin, **fields)


def go_idle(client, seconds):
    session = client.session
    session["floor"] = {**session["floor"], "seen": time.time() - seconds}
    session.save()


# --- The device ----------------------------------------------------------------------------------


def test_a_manager_makes_a_tablet_a_device_and_is_signed_out(farm_client, manager):
    farm_client.force_login(manager)
    answer = touch(farm_client, "/floor/device/", name="By the door")
    assert (answer.status_code, answer["Location"]) == (303, WHO)
    cookie = answer.cookies[floor_sessions.COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not cookie["domain"]
    assert FloorDevice.objects.get().registered_by == manager
    assert "By the door" in page(farm_client.get(WHO))
    assert farm_client.get("/floor/")["Location"] == f"{WHO}?next=%2Ffloor%2F"


@pytest.mark.parametrize("role", [roles.VIEWER, roles.OPERATOR])
def test_only_a_manager_may(farm_client, role):
    farm_client.force_login(make_user(role=role))
    assert farm_client.get("/floor/device/").status_code == 403
    assert touch(farm_client, "/floor/device/", name="Mine").status_code == 403
    assert not FloorDevice.objects.exists()


def test_without_a_device_there_is_no_pin(farm_client, otto):
    assert farm_client.get(WHO)["Location"].startswith("/accounts/login/")
    answer = come(farm_client, otto)
    assert answer["Location"].startswith("/accounts/login/")
    assert farm_client.get("/floor/")["Location"].startswith("/accounts/login/")
    assert not PinTries.objects.exists()


def test_another_farms_device_is_none_here(tablet, otto, client_at):
    elsewhere = client_at("beta.localhost")
    elsewhere.cookies = tablet.cookies
    assert elsewhere.get(WHO)["Location"].startswith("/accounts/login/")


def test_a_revoked_tablet_puts_people_out_at_once(tablet, otto):
    come(tablet, otto)
    assert tablet.get("/floor/").status_code == 200
    devices.revoke(FloorDevice.objects.get(), by=None)
    assert tablet.get("/floor/")["Location"].startswith("/accounts/login/")


# --- A name and a PIN ----------------------------------------------------------------------------


def test_a_name_and_a_pin_lead_on_and_what_is_written_carries_the_person(tablet, otto):
    spool = a_spool(1000)
    make_user(name="Has no PIN")
    text = page(tablet.get(f"{WHO}?next=/floor/spools/{spool.pk}/"))
    assert "Otto Operator" in text
    assert "Has no PIN" not in text
    answer = come(tablet, otto, next=f"/floor/spools/{spool.pk}/")
    assert (answer.status_code, answer["Location"]) == (303, f"/floor/spools/{spool.pk}/")
    touch(tablet, f"/floor/spools/{spool.pk}/weigh/", gross_grams="1190")
    assert spool.transactions.last().performed_by == otto
    assert "Change person" in page(tablet.get("/floor/"))


@pytest.mark.parametrize("next", ["//evil.org/", "https://evil.org/floor/", "/admin/", "floor", ""])
def test_it_leads_nowhere_else(tablet, otto, next):
    assert come(tablet, otto, next=next)["Location"] == "/floor/"


def test_a_wrong_pin_says_how_many_tries_are_left_and_then_until_when(tablet, otto):
    assert "4 tries are left" in page(come(tablet, otto, "1793"), 403)
    for _ in range(4):
        come(tablet, otto, "1793")
    assert "5 wrong PINs: wait until" in page(come(tablet, otto), 429)
    assert page(touch(tablet, WHO, pin=PIN), 400).count("Tap your name.") == 1
    assert tablet.get("/floor/").status_code == 302


def test_one_touch_and_the_next_person_comes(tablet, otto, mona):
    come(tablet, otto)
    assert touch(tablet, "/floor/leave/")["Location"] == WHO
    assert tablet.get("/floor/").status_code == 302
    come(tablet, mona)
    assert "Mona Manager" in page(tablet.get("/floor/"))


def test_a_new_pin_or_none_ends_the_sessions_of_the_old(tablet, otto):
    for change in (
        lambda: pins.set_pin(otto, pin="9517", by=None),
        lambda: pins.clear_pin(otto, by=None),
    ):
        pins.set_pin(otto, pin=PIN, by=None)
        come(tablet, User.objects.get(pk=otto.pk))
        assert tablet.get("/floor/").status_code == 200
        change()
        assert tablet.get("/floor/").status_code == 302


# --- What a PIN is worth -------------------------------------------------------------------------


def test_a_managers_pin_gives_what_an_operator_may(tablet, mona):
    come(tablet, mona)
    printer = a_printer(needs_clearing=True)
    assert touch(tablet, f"/floor/printers/{printer.pk}/clear/").status_code == 303
    assert "sign in with your password in the admin" in page(tablet.get("/floor/device/"), 403)
    mona.is_on_floor = True
    assert mona.has_perm("production.complete_productionrun")
    assert not mona.has_perm("production.override_productionrun")
    assert not mona.has_perm("accounts.add_user")
    assert not mona.is_staff


def test_a_viewers_pin_gives_no_more_than_a_viewer_may(tablet, viewer):
    come(tablet, pins.set_pin(viewer, pin=PIN, by=None))
    assert tablet.get("/floor/").status_code == 200
    assert touch(tablet, f"/floor/printers/{a_printer().pk}/clear/").status_code == 403


@pytest.mark.parametrize(
    "path", ["/", "/admin/", "/admin/accounts/user/", "/api/v1/me/", "/api/v1/spools/", "/api/v1/"]
)
def test_a_pin_is_worth_nothing_elsewhere(tablet, mona, path):
    come(tablet, mona)
    answer = tablet.get(path)
    assert answer.status_code in (302, 401)
    assert tablet.get("/floor/").status_code == 200  # and goes on being worth it here


def test_a_password_on_the_same_browser_is_worth_all_of_it(tablet, mona):
    come(tablet, mona)
    words = {"username": "mona", "password": PASSWORD, "next": "/admin/"}
    assert tablet.post(reverse("login"), words)["Location"] == "/admin/"
    assert tablet.get("/admin/").status_code == 200
    assert tablet.get("/floor/device/").status_code == 200


# --- Idle ----------------------------------------------------------------------------------------


def test_a_session_ends_when_nobody_touches_the_tablet_for_a_while(tablet, otto):
    come(tablet, otto)
    go_idle(tablet, 290)
    assert tablet.get("/floor/").status_code == 200  # which is a touch
    assert tablet.session["floor"]["seen"] > time.time() - 30
    go_idle(tablet, 290)
    assert tablet.get("/floor/", headers={"Floor-Unseen": "1"}).status_code == 200  # which is none
    assert tablet.session["floor"]["seen"] < time.time() - 200
    go_idle(tablet, 301)
    assert tablet.get("/floor/")["Location"].startswith(WHO)


def test_what_was_typed_is_kept_for_who_comes_back(tablet, otto):
    spool = a_spool(1000)
    weigh = f"/floor/spools/{spool.pk}/weigh/"
    come(tablet, otto)
    go_idle(tablet, 1000)
    form = page(touch(tablet, weigh, gross_grams="1187,5", note="ä & <b>"), 403)
    assert "What you typed is saved" in form
    hidden = {
        name: re.search(rf'name="{name}" value="([^"]*)"', form)[1].replace("&amp;", "&")
        for name in ("next", "pending")
    }
    text = page(come(tablet, otto, **hidden))
    assert f'action="{weigh}"' in text
    assert 'name="gross_grams" value="1187,5"' in text
    assert 'value="ä &amp; &lt;b&gt;"' in text
    assert Spool.objects.get().remaining_grams == 1000  # not before it is sent


def test_a_pin_is_never_kept_in_a_page(tablet, otto):
    come(tablet, otto)
    go_idle(tablet, 1000)
    form = page(touch(tablet, "/floor/pin/", current=PIN, pin="9517", again="9517"), 403)
    assert "9517" not in form


# --- One's own PIN -------------------------------------------------------------------------------


def test_people_choose_their_own_pin(floor, operator):
    assert 'name="current"' not in page(floor.get("/floor/pin/"))
    assert "not the same" in page(touch(floor, "/floor/pin/", pin=PIN, again="8363"), 400)
    assert "Too easy" in page(touch(floor, "/floor/pin/", pin="1234", again="1234"), 400)
    assert "You have a PIN now" in page_after(
        floor, touch(floor, "/floor/pin/", pin=PIN, again=PIN)
    )
    assert User.objects.get(pk=operator.pk).pin_hash


def test_who_came_by_pin_types_it_first_and_wrong_ones_count(tablet, otto):
    come(tablet, otto)
    new = {"pin": "9517", "again": "9517"}
    page(touch(tablet, "/floor/pin/", current="1793", **new), 403)
    assert PinTries.objects.get().failures == 1
    assert "You have a PIN now" in page_after(
        tablet, touch(tablet, "/floor/pin/", current=PIN, **new)
    )
    assert not PinTries.objects.exists()


def test_a_viewer_may_have_one_too(farm_client, viewer):
    farm_client.force_login(viewer)
    assert touch(farm_client, "/floor/pin/", pin=PIN, again=PIN).status_code == 303


# --- The admin -----------------------------------------------------------------------------------


def test_managers_give_take_and_unlock_pins_in_the_admin(farm_client, manager, otto):
    farm_client.force_login(manager)
    path = f"/admin/accounts/user/{otto.pk}/change/"
    fields = {"name": "Otto", "email": "", "role": "operator", "is_active": "on"}
    again = farm_client.post(path, {**fields, "new_password": "", "new_pin": "1234"})
    assert "Others would try this PIN first" in again.content.decode()
    farm_client.post(path, {**fields, "new_password": "", "new_pin": "9517"})
    device = devices.register(name="Door", by=manager)[0]
    pins.check(User.objects.get(pk=otto.pk), pin="9517", device=device)
    pins.count_try(otto, device=device)
    many = "/admin/accounts/user/"
    farm_client.post(many, {"action": "unlock_pin", "_selected_action": [otto.pk]})
    assert not PinTries.objects.exists()
    farm_client.post(many, {"action": "clear_pin", "_selected_action": [otto.pk]})
    assert User.objects.get(pk=otto.pk).pin_hash == ""


def test_managers_revoke_and_unlock_tablets_in_the_admin(farm_client, manager):
    farm_client.force_login(manager)
    device = devices.register(name="Door", by=manager)[0]
    FloorDevice.objects.update(failures=20)
    path = "/admin/accounts/floordevice/"
    assert "Door" in farm_client.get(path).content.decode()
    assert device.hash not in farm_client.get(f"{path}{device.pk}/change/").content.decode()
    for verb, words in (("unlock", "20 wrong PINs"), ("revoke", "was never used")):
        page = f"{path}{device.pk}/{verb}/"
        seen = farm_client.get(page)
        assert words in seen.content.decode()
        device.refresh_from_db()
        assert device.revoked_at is None
        farm_client.post(page, {"_seen": seen.context["seen"], "_do": "1"})
    device.refresh_from_db()
    assert (device.failures, device.revoked_at is None) == (0, False)


def test_a_pin_session_asks_few_questions_more(tablet, otto):
    come(tablet, otto)
    assert queries(tablet, "/floor/") <= 12
    for number in range(5):
        pins.set_pin(make_user(name=str(number)), pin=PIN, by=None)
    touch(tablet, "/floor/leave/")
    assert queries(tablet, WHO) <= 4


def test_with_a_pin_no_list_of_the_admin_is_offered(tablet, otto):
    come(tablet, otto)
    found = tablet.get("/floor/find/", {"code": "nothing"})
    assert found.status_code == 404
    assert 'href="/admin/' not in found.text
