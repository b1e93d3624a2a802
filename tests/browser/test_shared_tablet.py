"""A tablet that people share: registered once, then a name and a PIN, and whose work it is."""

import pytest

from tenants.accounts import pins
from tenants.accounts.models import FloorDevice, PinTries
from tests.browser.page_checks import TABLET, Hand, barriers, finds, geometry, in_menu, on_board
from tests.browser.sample_farm import grams
from tests.factories import a_printer, a_running_run, a_spool

PIN = "7394"


@pytest.fixture
def run(shop):
    return a_running_run((a_spool(), 40), printer=a_printer(), by=shop.mona)


@pytest.fixture
def tablet(visit, shop):
    """Registered by a manager, who is signed out by that; Otto has a PIN, and is not signed in."""
    PinTries.objects.all().delete()
    pins.set_pin(shop.otto, pin=PIN, by=shop.otto)
    page = visit("/floor/device/", by="mona", viewport=TABLET)
    fits(page)
    page.get_by_label("Name of this tablet").fill("Tablet by the door")
    page.get_by_role("button", name="Make this a shared tablet").tap()
    finds(page, "Who are you?")
    yield page
    FloorDevice.objects.all().delete()


def fits(page):
    assert geometry(page) + barriers(page) == []


def begin(page, pin=PIN, name="Otto Operator"):
    hand = Hand(page)
    hand.touch(page.locator("label.choice").filter(has_text=name))
    page.locator("[name=pin]:focus").wait_for()
    page.keyboard.type(pin)
    hand.button("Sign in")
    return hand


def test_what_is_done_carries_the_name_of_who_typed_the_pin(tablet, run, shop):
    fits(tablet)
    assert tablet.locator("label.choice").all_text_contents() == [" Otto Operator"]
    hand = begin(tablet)
    assert hand.touches <= 3
    hand.touch(on_board(tablet, run))
    hand.button("Complete as planned")
    finds(tablet, "is completed: 40 g are booked.")
    assert run.transactions.get().performed_by == shop.otto
    in_menu(tablet, "Change person").tap()
    finds(tablet, "Who are you?")
    tablet.go_back()
    finds(tablet, "Who are you?")


def test_a_pin_opens_the_floor_and_nothing_else(tablet, shop):
    begin(tablet)
    tablet.get_by_role("heading", name="Today").wait_for()
    tablet.goto("/admin/")
    assert "/login/" in tablet.url


def test_wrong_pins_are_counted_and_followed_by_a_pause(tablet, shop):
    for left in (4, 3, 2, 1, 0):
        begin(tablet, pin="8521")
        finds(tablet, f"{left} tries are left before a pause.")
    fits(tablet)
    field, button = tablet.locator("[name=pin]"), tablet.get_by_role("button", name="Sign in")
    boxes = [each.bounding_box() for each in (field, button)]
    assert len({box["y"] + box["height"] for box in boxes}) == 1  # in one line
    begin(tablet)
    finds(tablet, "5 wrong PINs: wait until")
    begin(tablet, pin="8521")
    finds(tablet, "5 wrong PINs: wait until")
    pins.unlock(shop.otto, by=shop.mona)
    begin(tablet)
    tablet.get_by_role("heading", name="Today").wait_for()


def test_what_was_pressed_after_the_pause_is_done_once_its_person_is_back(tablet, run, shop):
    begin(tablet)
    tablet.get_by_role("heading", name="Today").wait_for()
    tablet.goto(f"/floor/runs/{run.pk}/complete/")
    tablet.get_by_label("Grams in the parts").fill("38,5")
    forget(tablet)
    tablet.get_by_role("button", name="Complete").tap()
    finds(tablet, "You are signed out")
    assert grams(run.transactions) == []
    tablet.locator("#waiting").get_by_role("link", name="Sign in").tap()
    begin(tablet)
    finds(tablet, f"Run {run.number} is completed: 38.5 g are booked.")
    assert run.transactions.get().performed_by == shop.otto


def forget(page):
    """End the person's session; the device stays."""
    page.context.clear_cookies(name="spoolbook-session")
