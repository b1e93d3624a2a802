"""A table of spools that is sent again: what is there is left out, what was refused is mended."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from inventory import codes
from inventory.models import InventoryTransaction, Spool
from inventory.services import receiving
from production.services.undo import receipts
from tests.factories import a_filament, a_spool
from tests.inventory.tables import import_filaments, import_spools, results_by_line, spools
from tests.queries import violations
from tests.responses import done, refused, text_of

pytestmark = pytest.mark.usefixtures("farm")

IMPORT = "/api/v1/spools/import/"
PAGE = "/admin/inventory/spool/import/"
COLUMNS = ["name", "lot", "grams", "price", "received_on"]
DAY = "2026-03-01"


@pytest.fixture
def red():
    return a_filament("Red")


def thirty(*, mended):
    """Thirty lines, ten of which name a filament that is not there."""
    names = ["Red" if mended or number % 3 else "Redd" for number in range(30)]
    return [[name, f"L-{number // 6}", "750", "19,90", DAY] for number, name in enumerate(names)]


def outcomes(report):
    names = ("created", "unchanged", "refused")
    return tuple(report.count(name) for name in names)


def sent(api, table, *, key=None, **query):
    parameters = "&".join(f"{name}={value}" for name, value in query.items())
    headers = {"Idempotency-Key": key} if key else {}
    return api.post(f"{IMPORT}?{parameters}", table, content_type="text/csv", headers=headers)


# --- What is there already ----------------------------------------------------------------------


def test_a_table_that_is_mended_and_sent_whole_receives_what_was_refused(red):
    assert outcomes(spools(COLUMNS, *thirty(mended=False))) == (20, 0, 10)
    again = spools(COLUMNS, *thirty(mended=True))
    assert outcomes(again) == (10, 20, 0)
    known = next(row for row in again.rows if row.outcome == "unchanged")
    spool = Spool.objects.get(pk=known.instance.pk)
    assert results_by_line(again)[known.number] == (
        f"Spool {spool.code}, received on {DAY}, is the same: it is there already."
    )
    assert outcomes(spools(COLUMNS, *thirty(mended=True))) == (0, 30, 0)
    assert outcomes(spools(COLUMNS, *thirty(mended=True), again=True)) == (30, 0, 0)
    assert Spool.objects.count() == 60
    assert violations() == []


def test_equal_lines_are_as_many_spools_as_they_are(red):
    line = ["Red", "", "1000", "", DAY]
    assert outcomes(spools(COLUMNS, line, line)) == (2, 0, 0)
    assert outcomes(spools(COLUMNS, line, line, line)) == (1, 2, 0)


@pytest.mark.parametrize(
    ("column", "other"),
    [
        ("name", "Blue"),
        ("lot", "L-2"),
        ("grams", "751"),
        ("price", "20"),
        ("received_on", "1.4.2026"),
    ],
)  # fmt: skip
def test_what_differs_is_another_spool(red, column, other):
    a_filament("Blue")
    line = dict(zip(COLUMNS, ["Red", "L-1", "750", "19.90", DAY], strict=True))
    spools(COLUMNS, [*line.values()])
    assert outcomes(spools(COLUMNS, [*(line | {column: other}).values()])) == (1, 0, 0)


def test_what_was_received_otherwise_on_that_day_is_there_too(red):
    same = {"filament": red, "lot_number": "L-1", "by": None}
    receiving.receive(received_on=date(2026, 3, 1), **same)
    receiving.receive(received_on=date(2026, 3, 2), **same)
    line = ["Red", "L-1", "", "", DAY]
    assert outcomes(spools(COLUMNS, line, line)) == (1, 1, 0)
    assert outcomes(spools(["name", "lot"], ["Red", "L-1"])) == (0, 1, 0)  # as it was imported
    receiving.receive(filament=red, lot_number="L-9", received_on=date(2026, 3, 2), by=None)
    assert outcomes(spools(["name", "lot"], ["Red", "L-9"])) == (1, 0, 0)  # of another day


def test_a_table_without_days_is_known_the_next_day(red):
    table = ["name", "lot"], ["Red", "L-1"]
    spools(*table)
    Spool.objects.update(received_on=date(2026, 3, 1))
    assert outcomes(spools(*table)) == (0, 1, 0)


def test_a_label_says_which_spool_it_is(red):
    code, other = codes.generate(), a_spool(filament=red, lot_number="another")
    lines = ["name", "code"], ["Red", code.lower()], ["Red", other.code]
    assert outcomes(spools(*lines)) == (1, 0, 1)
    again = spools(*lines)
    assert outcomes(again) == (0, 1, 1)
    assert results_by_line(again)[3] == {"code": f"Spool {other.code} is there already."}
    assert outcomes(spools(*lines, again=True)) == (0, 0, 2)


# --- In the API and the admin -------------------------------------------------------------------


def test_the_api_leaves_out_what_is_there_unless_it_is_told(api, red):
    table = "name;lot\nRed;L-1\nRed;L-2\nRedd;L-3\n"
    first = done(sent(api, table, key="a"))
    spool = Spool.objects.get(lot_number="L-1")
    again = done(sent(api, table, key="b"))
    figures = [again[f"{name}_count"] for name in ("created", "unchanged", "refused")]
    assert figures == [0, 2, 1]
    assert again["receipt"] is None
    line = again["lines"][0]
    assert (line["outcome"], line["id"], line["code"]) == ("unchanged", spool.pk, spool.code)
    tried = done(sent(api, table, dry_run="true", again="true"))
    assert (tried["created_count"], tried["receipt"]) == (2, None)
    more = done(sent(api, table, key="c", again="true"))
    assert more["created_count"] == 2
    body = {"kind": "receipt", "event": more["receipt"]}
    undone = done(api.post("/api/v1/me/undo/", body))["spools"]
    assert [each["is_archived"] for each in undone] == [True] * 2
    body["event"] = first["receipt"]
    api.post(f"/api/v1/spools/{spool.pk}/use/", {"grams": "1"})
    assert (
        "has other entries by now"
        in refused(api.post("/api/v1/me/undo/", body), 409, "nothing_to_undo")["detail"]
    )


def choose(client, table):
    return client.post(PAGE, {"file": SimpleUploadedFile("spools.csv", table.encode())})


def test_the_admin_asks_about_what_is_there_and_undoes_an_import(at_admin, red):
    table = "name;lot\nRed;L-1\nRed;L-2\n"
    seen = choose(at_admin, table)
    at_admin.post(PAGE, {"signed": seen.context["signed"], "_do": "Import"})
    seen = choose(at_admin, table)
    assert "There already: stays as it is" in text_of(seen)
    assert "There is nothing to import in it." in text_of(seen)
    assert "Import also the 2 that are there: these are other spools" in text_of(seen)
    sure = {"signed": seen.context["signed"], "_again": "Import"}
    imported = at_admin.post(PAGE, sure)
    at_admin.post(PAGE, sure)  # sent twice, it is done once
    assert Spool.objects.count() == 4
    undo = f"/admin/inventory/spool/{imported.context['first']}/undo_receipt/"
    assert undo in text_of(imported)
    seen = at_admin.get(undo)
    codes_there = Spool.objects.order_by("-pk").values_list("code", flat=True)[:2]
    assert all(code in text_of(seen) for code in codes_there)
    at_admin.post(undo, {"_seen": seen.context["seen"], "_do": "1"})
    assert Spool.objects.on_shelf().count() == 2
    assert InventoryTransaction.objects.filter(kind="reversal").count() == 2


def test_an_import_with_spools_that_are_archived_is_undone_as_one(red, operator):
    report = spools(["name", "archived"], ["Red", "yes"], ["Red", ""], by=operator)
    receipt = InventoryTransaction.objects.get(pk=report.receipt)
    assert len(receipts.undo_receipt(receipt, by=operator)) == 2
    assert not Spool.objects.on_shelf().exists()
    assert violations() == []


# --- What was refused ---------------------------------------------------------------------------


def test_refused_lines_come_back_as_a_table_to_mend(red, as_manager):
    text = (
        "Filament;Lot;Price (EUR);comment\n"
        'Red;L-1;19,90;fine\nRedd;L-2;1,5;"two; parts"\nRed;L-3;much;=1+1\n'
        'Red;"L-4;1;\nRed;L-5;1;a;b\n'
    )
    report = import_spools(text)
    lines = report.refused_table.splitlines()
    assert lines[0] == "problem,Filament,Lot,Price (EUR),comment"
    assert lines[1].endswith('Did you mean Polyfil Red (PLA)?,Redd,L-2,"1,5",two; parts')
    assert lines[2].endswith("price: “much” is not a number.,Red,L-3,much,'=1+1")
    assert '"Red;""L-4;1;"' in lines[3]
    assert lines[4].endswith("Red,L-5,1,a,b")
    mended = report.refused_table.replace("Redd", "Red").replace("much", "3")
    again = import_spools(mended)
    assert outcomes(again) == (2, 0, 2)
    assert set(Spool.objects.values_list("comment", flat=True)) == {"fine", "two; parts", "=1+1"}
    assert again.refused_table.splitlines()[0] == lines[0]
    assert import_spools("name\nRed\n").refused_table == ""
    filaments = import_filaments("name;material\nSky;\n")
    assert filaments.refused_table.splitlines()[1] == "material: This is needed.,Sky,"
    html = text_of(choose(as_manager, text))
    assert 'download="refused-spools.csv"' in html
    assert 'href="data:text/csv;charset=utf-8;base64,' in html


def test_a_refused_line_of_the_api_comes_back_too(api, red):
    report = done(sent(api, "name;lot\nRed;L-1\nRedd;L-2\n", dry_run="true"))
    assert report["refused_table"].endswith(",Redd,L-2\r\n")
