"""A reel that is in the book twice is put right by entries, and the merge is taken back."""

import json
from decimal import Decimal

import pytest
from django.db import connection

from inventory.models import Location, Spool
from inventory.services import ledger, receiving, reversing, scanning
from inventory.services.doubles import SpoolMerged
from inventory.services.spools import consumption, merging, scale, shelf, stating, tags
from inventory.services.spools.merging import ChangedSinceMerge, NotMerged, OtherFilament, SameSpool
from inventory.services.spools.shelf import SpoolClaimed, SpoolLoaded
from production.services import completion
from production.services.printing import slots
from tenants.operations.refusals import Invalid
from tests.factories import a_filament, a_run, a_slot, a_spool, spools_of_one
from tests.production.completed_runs import printed
from tests.queries import fresh, remaining, violations

pytestmark = pytest.mark.usefixtures("farm")

WHY = "It has the same tag"
COUNTERS = ("version", "last_entry_at")


def merge(kept, double, **given):
    return merging.merge(kept, double=double, **{"reason": WHY, "by": None} | given)


def entries(spool):
    return list(spool.transactions.order_by("pk").values_list("kind", "grams", "reason"))


def rows_of(*tables):
    """The rows of these tables but for what only goes up."""
    rows = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT to_jsonb(row) FROM inventory_{table} AS row")
            for (text,) in cursor.fetchall():
                row = json.loads(text) if isinstance(text, str) else text
                rows[table, row["id"]] = {n: v for n, v in row.items() if n not in COUNTERS}
    return rows


# --- What is booked ------------------------------------------------------------------------------


def test_what_the_double_gave_is_booked_on_the_spool_that_is_kept():
    kept, double = spools_of_one(2)
    consumption.use(kept, grams=100, by=None)
    printed((double, 250))
    done = merge(kept, double)
    assert entries(kept)[2:] == [("adjustment", -250, "merged")]
    assert entries(double)[2:] == [("adjustment", -750, "merged")]
    assert (remaining(kept), remaining(double)) == (650, 0)
    assert [entry.note for entry in done.entries] == [
        f"{double.code} is the same reel as {kept.code}: {WHY}"
    ] * 2
    assert done.explanation == (
        f"Neither was weighed: 650 g are left, the 900 g of spool {kept.code} less 250 g that "
        f"spool {double.code} gave."
    )
    assert violations() == []


def test_the_receipt_of_the_double_is_taken_back_and_use_counts_once():
    kept, double = spools_of_one(2)
    consumption.use(kept, grams=100, by=None)
    consumption.waste(double, grams=250, by=None)
    merge(kept, double)
    for spool in (kept, double):
        used = spool.transactions.consumption()
        assert used.count() == 1
    everything = [grams for spool in (kept, double) for _kind, grams, _reason in entries(spool)]
    assert sum(everything) == 1000 - 350


def test_the_spool_that_was_weighed_last_says_what_is_left():
    kept, double = spools_of_one(2)
    consumption.use(kept, grams=100, by=None)
    consumption.use(double, grams=50, by=None)
    scale.weigh(double, gross_grams=200 + 820, confirm=True, by=None)  # 50 and 130 g gone
    consumption.use(kept, grams=30, by=None)
    consumption.use(double, grams=20, by=None)
    done = merge(kept, double)
    assert "was weighed or stated last" in done.explanation
    assert "770 g are left, its 800 g less 30 g" in done.explanation
    assert remaining(kept) == 770
    assert entries(kept)[-1] == ("adjustment", -100, "merged")


def test_use_before_the_weighing_of_the_kept_spool_is_in_its_weight():
    kept, double = spools_of_one(2)
    consumption.use(double, grams=50, by=None)
    scale.weigh(kept, gross_grams=200 + 900, confirm=True, by=None)
    consumption.use(double, grams=20, by=None)
    merge(kept, double)
    assert remaining(kept) == 880


def test_a_double_received_as_used_before_says_what_is_left():
    filament = a_filament()
    kept = a_spool(filament=filament)
    consumption.use(kept, grams=290, by=None)
    double = receiving.receive_stated(filament=filament, remaining_grams=700, by=None)
    merge(kept, double)
    assert remaining(kept) == 700


def test_a_restated_initial_weight_is_no_use():
    kept, double = spools_of_one(2)
    stating.set_initial(double, grams=750, by=None)
    consumption.use(double, grams=50, by=None)
    merge(kept, double)
    assert remaining(kept) == 950


def test_a_weighing_that_was_reversed_says_nothing():
    kept, double = spools_of_one(2)
    counted = scale.weigh(double, gross_grams=200 + 500, confirm=True, by=None)
    reversing.reverse(counted, reason="Another reel", by=None)
    merge(kept, double)
    assert remaining(kept) == 1000


def test_a_reel_that_gave_more_than_it_had_is_to_be_weighed():
    kept, double = a_spool(100), a_spool(1000)
    consumption.use(double, grams=130, by=None)
    done = merge(kept, double, confirm=True)
    spool = fresh(kept)
    assert (spool.remaining_grams, spool.excess_grams, spool.needs_weighing) == (0, 30, True)
    assert "by the book it had 30 g too little" in done.explanation


# --- What leads to it ----------------------------------------------------------------------------


def test_labels_and_tags_of_the_double_lead_to_the_spool():
    kept, double = spools_of_one(2)
    older = double.code
    double = shelf.relabel(double, by=None)
    tags.bind(double, uid="04A2", by=None)
    merge(kept, double)
    for text in (older, double.code, "04:A2"):
        assert scanning.labelled(text) == kept
    third = a_spool(filament=kept.filament)
    merge(third, kept)
    for text in (older, double.code, kept.code, "04A2"):
        assert scanning.labelled(text) == third
    merging.unmerge(kept, by=None)
    assert scanning.labelled(older) == kept
    assert violations() == []


def test_the_spool_takes_what_it_has_no_value_of():
    kept, double = spools_of_one(2)
    shelf_row = Location.objects.create(name="Dry box")
    shelf.describe(kept, lot_number="L1", by=None, extra={"box": '"7"'})
    details = {"lot_number": "L2", "supplier": "A shop", "location": shelf_row}
    shelf.describe(double, by=None, extra={"box": '"8"', "ams": "1"}, **details)
    shelf.open(double, by=None)
    consumption.use(double, grams=5, by=None)
    merge(kept, double)
    spool, other = fresh(kept), fresh(double)
    assert (spool.lot_number, spool.supplier, spool.location) == ("L1", "A shop", shelf_row)
    assert spool.extra == {"box": '"7"', "ams": "1"}
    assert (spool.opened_at, spool.first_used_at) == (other.opened_at, other.first_used_at)
    assert spool.has_given_use_dates
    assert (other.is_removed, other.is_archived, other.merged_into) == (True, True, spool)
    assert not Spool.objects.present().filter(pk=double.pk).exists()
    assert [event.verb for event in spool.events.all()][-1] == "merged"
    assert violations() == []


# --- Taking it back ------------------------------------------------------------------------------


def a_merge():
    kept, double = spools_of_one(2)
    shelf.describe(kept, by=None, extra={"box": '"7"'})
    extra = {"box": '"8"', "ams": "1", "tray": "3"}
    shelf.describe(double, by=None, lot_number="L2", extra=extra)
    shelf.open(double, by=None)
    consumption.use(kept, grams=10, by=None)
    consumption.use(double, grams=250, by=None)
    tags.bind(double, uid="04A2", by=None)
    return kept, double


def test_unmerge_puts_back_all_of_it():
    kept, double = a_merge()
    before = rows_of("spool", "spooltag")
    merge(kept, double)
    assert rows_of("spool", "spooltag") != before
    done = merging.unmerge(double, by=None)
    assert rows_of("spool", "spooltag") == before
    assert done.undone_at is not None
    assert remaining(kept) == 990
    assert [event.verb for event in fresh(double).events.all()][-2:] == ["unmerged", "restored"]
    assert violations() == []
    merge(kept, double)
    assert remaining(kept) == 740


def test_what_was_done_since_stays():
    kept, double = a_merge()
    merge(kept, double)
    consumption.use(kept, grams=40, by=None)
    shelf.describe(kept, by=None, supplier="Another", extra={"ams": "2"})
    merging.unmerge(double, by=None)
    spool = fresh(kept)
    assert (spool.remaining_grams, spool.supplier, spool.lot_number) == (950, "Another", "")
    assert spool.extra == {"box": '"7"', "ams": "2"}
    assert violations() == []


def test_after_a_weighing_a_merge_stays():
    kept, double = a_merge()
    merge(kept, double)
    scale.weigh(kept, gross_grams=200 + 735, by=None)
    with pytest.raises(ChangedSinceMerge, match="was counted"):
        merging.unmerge(double, by=None)
    assert remaining(kept) == 735


def test_after_another_merge_that_is_taken_back_first():
    kept, double = a_merge()
    merge(kept, double)
    third = a_spool(filament=kept.filament)
    merge(third, kept)
    with pytest.raises(NotMerged):
        merging.unmerge(third, by=None)
    with pytest.raises(ChangedSinceMerge, match="merged into another since"):
        merging.unmerge(double, by=None)
    merging.unmerge(kept, by=None)
    merging.unmerge(double, by=None)
    assert (remaining(third), remaining(kept), remaining(double)) == (1000, 990, 750)
    assert violations() == []


def test_an_archived_kept_spool_is_restored_first():
    kept, double = a_merge()
    merge(kept, double)
    shelf.archive(kept, discard=False, by=None)
    with pytest.raises(ChangedSinceMerge, match="archived since"):
        merging.unmerge(double, by=None)


# --- What is refused -----------------------------------------------------------------------------


def test_what_can_not_be_merged_says_why():
    kept, double = spools_of_one(2)
    with pytest.raises(SameSpool):
        merge(kept, kept)
    with pytest.raises(Invalid, match="needs a reason"):
        merge(kept, double, reason=" ")
    run = a_run((double, 10))
    with pytest.raises(SpoolClaimed, match=run.number):
        merge(kept, double)
    a_run((kept, 10))
    slots.load(kept, slot=a_slot(), by=None)
    loaded = a_spool(filament=kept.filament)
    slots.load(loaded, slot=a_slot(), by=None)
    with pytest.raises(SpoolLoaded, match="take it out before it is merged"):
        merge(kept, loaded)
    with pytest.raises(OtherFilament, match="confirm that they are the same"):
        merge(kept, a_spool())
    assert merge(kept, a_spool(), confirm=True).target == kept
    away = shelf.archive(a_spool(filament=kept.filament), discard=False, by=None)
    with pytest.raises(ledger.SpoolArchived, match="keep the other one"):
        merge(away, a_spool(filament=kept.filament))
    assert merge(kept, away).double == away
    gone = shelf.remove(a_spool(filament=kept.filament), by=None)
    with pytest.raises(shelf.SpoolRemoved):
        merge(kept, gone)


def test_nothing_is_posted_on_a_double_any_more():
    kept, double = spools_of_one(2)
    run = printed((double, 250))
    merge(kept, double)
    for work in (
        lambda: shelf.restore(double, by=None),
        lambda: merge(double, a_spool(filament=kept.filament)),
        lambda: merge(kept, double),
        lambda: completion.revert(run, by=None),
    ):
        with pytest.raises(SpoolMerged, match=f"the same reel as {kept.code}"):
            work()
    merging.unmerge(double, by=None)
    completion.revert(run, by=None)
    assert remaining(double) == 1000
    assert violations() == []


def test_a_dry_run_answers_the_same_and_writes_nothing():
    kept, double = a_merge()
    before = rows_of("spool", "spooltag", "inventorytransaction", "spoolevent")
    done = merge(kept, double, dry_run=True)
    assert [entry.grams for entry in done.entries] == [Decimal(-250), Decimal(-750)]
    assert rows_of("spool", "spooltag", "inventorytransaction", "spoolevent") == before


# --- Its faces -----------------------------------------------------------------------------------


def test_the_api_merges_and_takes_it_back(api):
    kept, double = a_merge()
    path = f"/api/v1/spools/{kept.pk}/merge/"
    given = {"double_code": double.code, "reason": WHY}
    dry = api.post(path, {**given, "dry_run": True}).json()
    assert (dry["dry_run"], dry["remaining_grams"]) == (True, "990.000000")
    assert dry["merge"]["entries"][0]["grams"] == "-250.000000"
    answer = api.post(path, given)
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert (body["remaining_grams"], body["dry_run"]) == ("740.000000", False)
    assert body["merge"]["explanation"].startswith("Neither was weighed")
    assert api.get(f"/api/v1/spools/{double.pk}/").json()["merged_into"] == kept.pk
    assert double.pk not in [row["id"] for row in api.get("/api/v1/spools/").json()["results"]]
    back = api.post(f"/api/v1/spools/{double.pk}/unmerge/")
    assert (back.status_code, back.json()["merged_into"]) == (200, None)
    assert api.post(f"/api/v1/spools/{double.pk}/unmerge/").json()["code"] == "not_merged"


def test_the_admin_shows_what_will_be_booked(as_manager):
    kept, double = a_merge()
    path = f"/admin/inventory/spool/{kept.pk}/merge/"
    given = {"double": double.code, "reason": WHY}
    looked = as_manager.post(path, given).content.decode()
    assert "Neither was weighed: 740 g are left" in looked
    assert remaining(kept) == 990
    seen = looked.partition('name="_seen" value="')[2].partition('"')[0]
    as_manager.post(path, {**given, "_seen": seen, "_do": "1"})
    assert remaining(kept) == 740
    page = as_manager.get(f"/admin/inventory/spool/{double.pk}/change/").content.decode()
    assert f"/admin/inventory/spool/{kept.pk}/change/" in page
    assert f"/admin/inventory/spool/{double.pk}/unmerge/" in page
    assert (
        "No spool of this farm" in as_manager.post(path, {**given, "double": "x"}).content.decode()
    )
