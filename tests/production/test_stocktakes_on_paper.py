"""Stocktakes in the admin and on paper."""

import pytest
from django.utils import timezone

from inventory.models import Location
from inventory.services.spools import consumption, scale
from production.paper import stocktakes as paper
from production.services.stocktaking import posting, recording, sessions
from tests.factories import a_filament, a_spool
from tests.pdf import sizes, texts
from tests.production.admin_forms import fields
from tests.queries import fresh, queries_of, remaining
from tests.responses import text_of

ADMIN = "/admin/inventory/stocktake/"


@pytest.fixture
def stocktake(farm, operator):
    here = Location.objects.create(name="Shelf A")
    spools = [a_spool(1000, location=here) for _ in range(3)]
    spools.append(a_spool(filament=a_filament("Plum", price=None), location=here))
    made = sessions.begin(location=here, by=operator)
    recording.record(made, spool=spools[0], net_grams=400, by=operator)
    recording.record(made, spool=spools[1], result="not_found", by=operator)
    recording.record(made, spool=spools[3], net_grams=990, by=operator)
    recording.note_unknown(made, text="LOT 17 漢", by=operator)
    return made


def printed(stocktake):
    how = {"farm_name": "The farm", "currency": "EUR", "printed_at": timezone.now()}
    return paper.pdf(stocktake, **how)


def test_the_list_to_be_signed_has_all_that_was_recorded(stocktake, operator):
    document = printed(stocktake)
    (text,) = texts(document)
    assert sizes(document) == [(297, 210)]
    for line in stocktake.lines.exclude(spool=None):
        assert line.spool.code in text
    assert "Shelf A" in text
    assert f"1000 400 −600 – −12.00 Net grams {operator}" in text
    assert "Not found" in text
    assert "LOT 17" in text
    assert "3 of 4 spools recorded, 1 not found, 0 found elsewhere, 1 unknown code" in text
    assert "Counted: 2 differences, −610 g, −12.00 EUR without 1 whose cost is unknown" in text
    assert "Not found: 1 difference, −1000 g, −20.00 EUR Together: 3 differences, −1610 g" in text
    assert "1000 – −1000 – −20.00 Not found" in text
    assert "Counted by, date" in text


def test_a_long_list_has_pages_and_asks_no_more(stocktake, operator):
    before = queries_of(lambda: printed(stocktake))
    for number in range(60):
        recording.note_unknown(stocktake, text=f"CODE {number}", by=operator)
    assert queries_of(lambda: printed(stocktake)) == before
    pages = texts(printed(stocktake))
    assert len(pages) == 3
    assert all("Difference, g" in page for page in pages)
    assert sum(page.count("CODE ") for page in pages) == 60


def test_a_manager_looks_it_over_and_posts_it(as_manager, stocktake):
    page = text_of(as_manager.get(f"{ADMIN}{stocktake.pk}/change/"))
    assert "3 of 4 recorded" in page
    assert "−600" in page
    sheet = as_manager.get(f"{ADMIN}{stocktake.pk}/sheet/")
    assert (sheet.status_code, sheet["Content-Type"]) == (200, "application/pdf")
    address = f"{ADMIN}{stocktake.pk}/post/"
    spool = stocktake.lines.get(counted_grams=400).spool
    form = {"reason": "Year end", "missing": "empty"}
    preview = as_manager.post(address, form)
    page = text_of(preview)
    assert "3 differences to be posted: −1610 g, value −32.00; of 1 the cost is unknown" in page
    left = text_of(as_manager.post(address, form | {"missing": "leave"}))
    assert "2 differences to be posted: −610 g" in left
    assert "Left as it was" in left
    recording.record(stocktake, spool=spool, net_grams=500, by=None)
    answer = as_manager.post(address, fields(preview) | {"_do": "1"})
    assert f"{spool.code} was recorded (−500 g)" in text_of(answer)
    assert fresh(stocktake).status == "open"
    preview = as_manager.post(address, fields(answer))
    assert "−1510 g" in text_of(preview)
    answer = as_manager.post(address, fields(preview) | {"_do": "1"})
    assert answer.status_code == 302, text_of(answer)
    assert fresh(stocktake).status == "posted"
    spool = stocktake.lines.get(result="not_found").spool
    assert remaining(spool) == 0
    assert (
        "Posted: 3 differences, −1510 g, −30.00 EUR without 1"
        in texts(printed(fresh(stocktake)))[0]
    )
    address = f"{ADMIN}{stocktake.pk}/undo/"
    sent = fields(as_manager.get(address)) | {"_do": "1"}
    assert as_manager.post(address, sent).status_code == 302
    assert remaining(spool) == 1000


def test_each_line_says_what_posting_did(as_manager, stocktake):
    counted, missed, _rest, unpriced = (line.spool for line in stocktake.lines.order_by("pk")[:4])
    scale.weigh(counted, gross_grams=600, confirm=True, by=None)
    consumption.use(missed, grams=5, by=None)
    posting.post(stocktake, reason="Year end", missing="empty", by=None)
    (text,) = texts(printed(fresh(stocktake)))
    assert "−600 – – Net grams" in text
    assert "Left alone: counted since" in text
    assert "−1000 – – Not found" in text
    assert "Left alone: turned up since" in text
    assert "Posted: 1 difference, −10 g" in text
    posted = [line.posted_grams for line in stocktake.lines.all() if line.posted_grams]
    assert posted == [-10]
    for address in (f"{ADMIN}{stocktake.pk}/change/", f"/floor/stocktakes/{stocktake.pk}/review/"):
        page = text_of(as_manager.get(address))
        assert "Left alone: turned up since" in page
        assert unpriced.code in page.replace(" ", "")


def test_lines_are_downloaded_and_tell_who_recorded_what(as_manager, stocktake, operator):
    address = f"/admin/inventory/stocktakeline/csv/?stocktake={stocktake.pk}"
    table = b"".join(as_manager.get(address)).decode()
    assert len(table.strip().splitlines()) == 6
    assert "-600" in table
    workbook = as_manager.get(f"{address}&_as=xlsx")
    assert b"".join(workbook).startswith(b"PK")
    line = stocktake.lines.get(counted_grams=400)
    page = text_of(as_manager.get(f"/admin/inventory/stocktakeline/{line.pk}/change/"))
    assert f"{operator}: Net grams 400 g" in page
    assert as_manager.get("/admin/inventory/spool/?counted=365").status_code == 200
