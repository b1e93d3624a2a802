"""Stocktakes on the floor: scan, weigh, next; looked over and posted."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from inventory.models import Location, Stocktake
from inventory.services.spools import consumption, shelf
from production.services.printing import slots
from production.services.stocktaking import recording, sessions
from tests.conftest import browser_of
from tests.factories import a_filament, a_slot, a_spool
from tests.production.floor_helpers import page, page_after, queries, touch
from tests.queries import fresh, remaining

LIST = "/floor/stocktakes/"


def at(stocktake, *steps, query=""):
    return "/".join([LIST.rstrip("/"), str(stocktake.pk), *map(str, steps), ""]) + query


@pytest.fixture
def here(farm):
    return Location.objects.create(name="Shelf & A")


@pytest.fixture
def spools(here):
    return [a_spool(1000, location=here) for _ in range(3)]


@pytest.fixture
def stocktake(floor, here, spools):
    answer = touch(floor, LIST, place=f"location-{here.pk}")
    assert answer.status_code == 303, answer.content
    return Stocktake.objects.get()


def test_scan_weigh_next(floor, stocktake, spools):
    text = page(floor.get(at(stocktake)))
    assert "<b>0</b> of 3 recorded" in text
    scanned = floor.get(at(stocktake, "scan", query=f"?code={spools[0].code}"))
    assert scanned["Location"] == at(stocktake, "spools", spools[0].pk)
    assert "By the book" in page(floor.get(scanned["Location"]))
    answer = touch(floor, scanned["Location"], gross_grams="1105,5")
    text = page_after(floor, answer)
    assert "905.5 g" in text
    assert "−94.5 g against the book." in text
    assert "<b>1</b> of 3 recorded" in text
    touch(floor, at(stocktake, "spools", spools[1].pk), gross_grams="", result="as_book")
    assert "<b>3</b> of 3" in page_after(floor, touch(floor, at(stocktake, "mark-rest-missing")))
    assert stocktake.lines.get(spool=spools[2]).result == "not_found"
    line = stocktake.lines.get(spool=spools[1])
    assert "is not counted" in page_after(floor, touch(floor, at(stocktake, "take-back", line.pk)))


def test_what_is_wrong_is_said_and_what_was_typed_stays(floor, stocktake, spools):
    address = at(stocktake, "spools", spools[0].pk)
    text = page(touch(floor, address, gross_grams="150", net_grams=""), 409)
    assert "less than the empty" in text
    assert 'value="150"' in text
    assert 'name="confirm"' in text
    answer = touch(floor, address, gross_grams="150", confirm="on")
    assert "0 g, −1000 g against" in page_after(floor, answer)
    for bad in ({"gross_grams": "x"}, {}, {"result": "nothing"}, {"gross_grams": "9" * 30}):
        assert touch(floor, address, **bad).status_code == 400
    assert floor.get(at(stocktake, "scan", query="?code=")).status_code == 302
    text = page(floor.get(at(stocktake, "scan", query="?code=LOT%2017&at=nowhere")), 404)
    assert "Note it" in text
    answer = touch(floor, at(stocktake, "note-unknown"), text="LOT 17")
    assert "LOT 17 is noted." in page_after(floor, answer)
    archived = shelf.archive(a_spool(10), discard=False, by=None)
    query = f"?code={archived.code}"
    text = page(floor.get(at(stocktake, "scan", query=query), follow=True))
    assert "restore it, then count it" in text
    assert 'name="gross_grams"' not in text
    answer = touch(floor, at(stocktake, "note-unknown"), text=archived.code)
    assert f"{archived.code} is noted." in page_after(floor, answer)
    assert page(touch(floor, LIST, place="farm"), 409).count('name="confirm"') == 1
    assert touch(floor, LIST, place="location-0").status_code == 400
    assert floor.get(at(stocktake, "spools", 10**17)).status_code == 404


def test_what_waited_for_the_network_is_of_when_it_was_weighed(floor, stocktake, here):
    spool = a_spool(1000, location=here, at=timezone.now() - timedelta(hours=2))
    consumption.use(spool, grams=100, by=None)
    address = at(stocktake, "spools", spool.pk)
    answer = touch(floor, address, net_grams="990", headers={"Floor-Waited": "3600"})
    assert "−10 g against the book." in page_after(floor, answer)
    assert stocktake.lines.get(spool=spool).book_grams == 1000
    answer = touch(floor, address, net_grams="880", headers={"Floor-Waited": "5"})
    waited = timezone.now() - stocktake.lines.get(spool=spool).counted_at
    assert timedelta(seconds=5) <= waited < timedelta(seconds=20)
    answer = touch(floor, address, net_grams="700", headers={"Floor-Waited": "600"})
    assert "that stays" in page_after(floor, answer)
    assert stocktake.lines.get(spool=spool).counted_grams == 880


def test_a_spool_from_elsewhere_is_moved_here_unless_it_is_in_a_printer(floor, stocktake, here):
    strayed, loaded = a_spool(500), a_spool(500)
    slots.load(loaded, slot=a_slot(), by=None)
    text = page(floor.get(at(stocktake, "spools", strayed.pk)))
    assert "By the book it is at no place." in text
    assert "Move it to Shelf &amp; A" in text
    touch(floor, at(stocktake, "spools", strayed.pk), result="as_book", moves="on")
    assert stocktake.lines.get(spool=strayed).move_to == here
    text = page(floor.get(at(stocktake, "spools", loaded.pk)))
    assert "unload it there" in text
    assert 'name="moves"' not in text


def test_the_whole_farm_is_counted_place_by_place(floor, stocktake, spools, here):
    other = Location.objects.create(name="Shelf B")
    a_spool(300, location=other)
    sessions.cancel(stocktake, by=None)
    touch(floor, LIST, place="farm")
    farm = Stocktake.objects.open().get()
    assert "?at=Shelf%20%26%20A" in page(floor.get(at(farm)))
    query = "?at=Shelf+B"
    assert "<b>0</b> of 1" in page(floor.get(at(farm, query=query)))
    address = at(farm, "spools", spools[0].pk, query=query)
    assert "Move it to Shelf B" in page(floor.get(address))
    answer = touch(floor, address, result="full", moves="on")
    assert answer["Location"] == at(farm, query=query)
    assert farm.lines.get(spool=spools[0]).move_to == other
    touch(floor, at(farm, "mark-rest-missing", query=query), place="Shelf B", is_of_place="on")
    assert farm.lines.filter(result="not_found").count() == 1


def version_on(text):
    return re.search(r'name="seen_version" value="([^"]+)"', text)[1]


def test_a_viewer_sees_all_of_it_and_begins_none(stocktake, spools, viewer, farm):
    browser = browser_of(farm, viewer)
    record = at(stocktake, "spools", spools[0].pk)
    for address in (LIST, at(stocktake), at(stocktake, "review"), record):
        assert 'type="submit" class="primary"' not in page(browser.get(address))
    assert touch(browser, LIST, place="farm").status_code == 403


def test_an_operator_looks_it_over_and_a_manager_posts(floor, manager, farm, stocktake, spools):
    recording.record(stocktake, spool=spools[0], net_grams=400, by=None)
    review, record = at(stocktake, "review"), at(stocktake, "spools", spools[0].pk)
    text = page(floor.get(review))
    assert "−600 g" in text
    assert "−12.00" in text
    assert "Look at these again" in text
    assert touch(floor, review, reason="x", missing="leave").status_code == 403
    office = browser_of(farm, manager)
    text = page(touch(office, review, reason="", missing="leave"), 400)
    assert remaining(spools[0]) == 1000
    looked_at = {"reason": "Year end", "missing": "leave", "seen_version": version_on(text)}
    recording.record(stocktake, spool=spools[1], net_grams=300, by=None)
    text = page(touch(office, review, **looked_at), 409)
    assert "was recorded (−700 g)" in text
    looked_at["seen_version"] = version_on(text)
    text = page_after(office, touch(office, review, **looked_at))
    assert "Year end" in text
    assert remaining(spools[0]) == 400
    assert fresh(stocktake).status == "posted"
    for address, sent in ((review, looked_at), (record, {"result": "full"})):
        assert "it has to be open" in page(touch(office, address, **sent), 409)
    assert '<p class="message">Posted</p>' in page(office.get(record))


def test_pages_ask_little_however_many_spools_there_are(floor, stocktake, spools, here):
    recording.record(stocktake, spool=spools[0], net_grams=10, by=None)
    addresses = (LIST, at(stocktake), at(stocktake, "review"))
    before = [queries(floor, each) for each in addresses]
    filament = a_filament()
    for number in range(45):
        spool = a_spool(1000, filament=filament, location=here)
        recording.record(stocktake, spool=spool, net_grams=number, by=None)
    after = [queries(floor, each) for each in addresses]
    assert max(after) <= 12
    assert after == before
    sizes = [len(floor.get(each).content) for each in addresses]
    assert max(sizes) < 60_000
