"""Stocktakes through the API: begun, recorded, looked over, posted and undone."""

from decimal import Decimal

import pytest

from inventory.models import Location
from inventory.services.spools import consumption, scale, shelf
from tests.factories import a_printer, a_slot, a_spool
from tests.queries import fresh, remaining
from tests.responses import done, refused, results

STOCKTAKES = "/api/v1/stocktakes/"


def at(stocktake, *verb):
    return "/".join([STOCKTAKES.rstrip("/"), str(stocktake["id"]), *verb, ""])


@pytest.fixture
def here(farm):
    return Location.objects.create(name="Shelf A")


@pytest.fixture
def spools(here):
    return [a_spool(1000, location=here) for _ in range(3)]


@pytest.fixture
def stocktake(api, spools):
    return done(api.post(STOCKTAKES, {"location_name": "shelf a"}), 201)


@pytest.fixture
def strayed(api, stocktake, spools):
    """A spool that was found on the shelf, where all was recorded."""
    one, two, _three = spools
    line = done(api.post(at(stocktake, "record"), {"spool_code": one.code, "gross_grams": 1100}))
    assert line["difference_grams"] == "-100.000000"
    assert (line["difference_value"], line["result"]) == ("-2.0000", "weighed")
    done(api.post(at(stocktake, "record"), {"spool": two.pk, "result": "empty"}))
    done(api.post(at(stocktake, "mark-rest-missing"), {"place": "Shelf A"}))
    spool = a_spool(400)
    body = {"spool": spool.pk, "result": "as_book", "moves": True}
    assert done(api.post(at(stocktake, "record"), body))["move_to_name"] == "Shelf A"
    done(api.post(at(stocktake, "note-unknown"), {"text": "LOT 17"}))
    return spool


@pytest.mark.usefixtures("strayed")
def test_what_was_found_is_looked_over(api, stocktake, spools):
    assert (stocktake["place"], stocktake["scope"]) == ("Shelf A", "location")
    review = done(api.get(at(stocktake, "review")))
    total = {"expected": 3, "recorded": 3, "not_found": 1, "unexpected": 1, "unknown": 1}
    assert review["total"] == total
    sums = {"count": 2, "grams": "-1100.000000", "value": "-22.0000", "unpriced": 0}
    assert review["differences"] == sums
    assert review["not_found"] == sums | {"count": 1, "grams": "-1000.000000", "value": "-20.0000"}
    assert review["together"]["grams"] == "-2100.000000"
    assert [doubt["spool"] for doubt in review["doubts"]] == [spools[1].pk]
    lines = at(stocktake, "lines")
    ordered = results(api.get(f"{lines}?is_different=true&ordering=-difference_value"))
    assert [each["spool"] for each in ordered] == [spools[2].pk, spools[1].pk, spools[0].pk]
    assert len(results(api.get(f"{lines}?result=not_found&result=unknown"))) == 2
    assert results(api.get(f"{lines}?is_recorded=false")) == []


def test_it_is_posted_and_undone(api, stocktake, spools, strayed, here):
    version = done(api.get(at(stocktake, "review")))["version"]
    consumption.use(spools[0], grams=10, by=None)  # it stays on top: the difference is the same
    body = {"reason": "Year end", "missing": "archive", "seen_version": version}
    assert done(api.post(at(stocktake, "post"), body))["status"] == "posted"
    assert [remaining(each) for each in (*spools, strayed)] == [890, 0, 0, 400]
    assert (fresh(strayed).location, fresh(spools[2]).is_archived) == (here, True)
    outcomes = {each["outcome"] for each in results(api.get(at(stocktake, "lines")))}
    assert outcomes == {"posted", "archived", ""}
    moved = stocktake_line(api, stocktake, strayed)
    assert (moved["move_to"], moved["place_outcome"]) == (here.pk, "moved")
    refused(api.post(at(stocktake, "cancel"), {}), 409, "stocktake_closed")
    assert done(api.post(at(stocktake, "undo"), {}))["status"] == "open"
    assert [remaining(each) for each in spools] == [990, 1000, 1000]
    assert done(api.post(at(stocktake, "cancel"), {}))["status"] == "cancelled"


@pytest.mark.usefixtures("strayed")
def test_what_changed_since_it_was_looked_at_is_named(api, stocktake, spools):
    version = done(api.get(at(stocktake, "review")))["version"]
    scale.weigh(spools[0], gross_grams=1090, confirm=True, by=None)
    done(api.post(at(stocktake, "record"), {"spool": spools[1].pk, "net_grams": 5}))
    consumption.use(spools[2], grams=10, by=None)
    body = {"reason": "Year end", "missing": "empty"}
    refusal = api.post(at(stocktake, "post"), body | {"seen_version": version})
    detail = refused(refusal, 409, "review_changed")["detail"]
    assert f"{spools[0].code}: Left alone: counted since" in detail
    assert f"{spools[1].code} was recorded (−995 g)" in detail
    assert f"{spools[2].code}: Left alone: turned up since" in detail
    line = stocktake_line(api, stocktake, spools[1])
    done(api.post(at(stocktake, "take-back"), {"line": line["id"]}))
    refusal = api.post(at(stocktake, "post"), body | {"seen_version": version})
    assert "was taken back" in refused(refusal, 409, "review_changed")["detail"]
    refused(api.post(at(stocktake, "post"), body | {"seen_version": "1"}), 409, "review_changed")
    done(api.post(at(stocktake, "post"), body))
    assert stocktake_line(api, stocktake, spools[2])["outcome"] == "turned_up"


@pytest.mark.usefixtures("strayed")
def test_money_is_at_the_price_of_posting(api, stocktake, spools):
    def review():
        return done(api.get(at(stocktake, "review")))

    body = {"reason": "Year end", "seen_version": review()["version"]}
    shelf.describe(spools[0], price=Decimal(40), by=None)
    line = stocktake_line(api, stocktake, spools[0])
    assert (line["cost_per_gram"], line["difference_value"]) == ("0.04000000", "-4.0000")
    assert review()["differences"]["value"] == "-24.0000"
    detail = refused(api.post(at(stocktake, "post"), body), 409, "review_changed")["detail"]
    assert "costs has changed" in detail
    body["seen_version"] = review()["version"]
    done(api.post(at(stocktake, "post"), body))
    shelf.describe(spools[0], price=Decimal(10), by=None)
    assert stocktake_line(api, stocktake, spools[0])["difference_value"] == "-4.0000"
    assert review()["posted"]["value"] == review()["differences"]["value"] == "-24.0000"


def stocktake_line(api, stocktake, spool):
    (line,) = results(api.get(f"{at(stocktake, 'lines')}?spool={spool.pk}"))
    return line


def test_what_is_wrong_is_said(api, stocktake, spools):
    record, spool = at(stocktake, "record"), spools[0]
    cases = {
        "invalid": ({"spool": spool.pk}, {"spool": spool.pk, "net_grams": 1, "gross_grams": 2}),
        "weighing_implausible": ({"spool": spool.pk, "gross_grams": "12.5"},),
    }
    for code, bodies in cases.items():
        for body in bodies:
            refused(api.post(record, body), 400 if code == "invalid" else 409, code)
    for body in ({}, {"spool": spool.pk, "net_grams": "NaN"}, {"spool": 10**17, "net_grams": 1}):
        assert api.post(record, body).status_code == 400
    assert api.post(record, {"spool": spool.pk, "result": "weighed"}).status_code == 400
    refused(api.post(STOCKTAKES, {}), 409, "in_another_stocktake")
    refused(api.post(at(stocktake, "post"), {"reason": "x"}), 409, "nothing_recorded")
    printer = a_slot(printer=a_printer()).printer
    body = {"printer": printer.pk, "no_place": True}
    refused(api.post(STOCKTAKES, body), 400, "invalid")
    line = done(api.post(record, {"spool": spool.pk, "result": "full"}))
    done(api.post(at(stocktake, "take-back"), {"line": line["id"]}))
    again = api.post(at(stocktake, "take-back"), {"line": line["id"]})
    refused(again, 409, "not_recorded")


def test_an_operator_records_and_a_manager_posts(api_client, operator, stocktake, spools):
    api_client.force_authenticate(operator)
    done(api_client.post(at(stocktake, "record"), {"spool": spools[0].pk, "result": "full"}))
    for verb in ("post", "cancel", "undo"):
        assert api_client.post(at(stocktake, verb), {"reason": "x"}).status_code == 403


def test_spools_that_were_not_counted_since_a_day(api, spools):
    shelf.archive(spools[0], discard=False, by=None)
    address = "/api/v1/spools/?is_archived=false&not_counted_since="
    assert results(api.get(f"{address}2020-01-01")) == []
    found = results(api.get(f"{address}2999-01-01"))
    assert {each["id"] for each in found} == {spool.pk for spool in spools[1:]}
    assert api.get(f"{address}soon").status_code == 400
