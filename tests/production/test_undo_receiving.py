"""A case that was received by mistake is taken back: its spools leave the book and the shelf."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inventory import codes
from inventory.models import InventoryTransaction, Location, Spool
from inventory.services import receiving
from inventory.services.spools import consumption, scale, shelf
from inventory.services.tables import spool_import
from production.services.overrides import NothingToUndo, UndoNotPermitted
from production.services.printing import slots
from production.services.runs import lifecycle
from production.services.undo import last_action, receipts
from tenants.accounts import roles
from tests.factories import a_filament, a_run, a_slot, make_user
from tests.inventory.tables import import_spools
from tests.production.floor_helpers import page, page_after, touch
from tests.production.test_undo import of_bar, press
from tests.queries import fresh, violations

pytestmark = pytest.mark.usefixtures("farm")


def delivery(by, count=3, **more):
    return receiving.receive_many(filament=a_filament(), count=count, by=by, **more)


def receipt_of(spool):
    return spool.transactions.get(kind="receipt")


def undo_receipt(spool, *, by, **more):
    return receipts.undo_receipt(receipt_of(spool), by=by, **more)


# --- What it does --------------------------------------------------------------------------------


def test_a_case_is_taken_back_from_the_bar_by_who_received_it(floor, operator):
    filament = a_filament("Galaxy")
    touch(floor, f"/floor/receive/{filament.pk}/", count=3, initial_grams="1000")
    assert "Your last: received 3 spools" in page(floor.get("/floor/"))
    assert "3 spools are off the shelf" in press(floor)
    ids = ",".join(str(spool.pk) for spool in Spool.objects.all())
    assert page(floor.get("/floor/received/", {"ids": ids})).count("Archived") == 3
    spools = Spool.objects.all()
    assert [(spool.remaining_grams, spool.is_archived) for spool in spools] == [(0, True)] * 3
    entries = InventoryTransaction.objects.filter(kind="reversal")
    history = entries.values_list("grams", "reverses__kind", "reason", "performed_by", "source")
    assert list(history) == [(-1000, "receipt", "taken back", operator.pk, "floor")] * 3
    assert of_bar(floor) is None
    assert violations() == []


def test_a_single_spool_is_called_so(floor, operator):
    delivery(operator, count=1)
    assert "Your last: received 1 spool," in page(floor.get("/floor/"))
    assert "1 spool is off the shelf; its label" in press(floor)


def test_its_labels_are_blank_again_and_lead_nowhere(floor, operator):
    blank = [codes.generate() for _ in range(2)]
    delivery(operator, count=None, codes=blank)
    press(floor)
    assert not any(Spool.objects.labelled(code).exists() for code in blank)
    assert "has the label" in page(floor.get("/floor/find/", {"code": blank[0]}), 404)
    again = delivery(operator, count=None, codes=blank)
    assert [spool.code for spool in again] == blank
    first = Spool.objects.order_by("pk").first()
    history = list(first.events.order_by("pk").values_list("verb", "before"))
    assert history == [("relabelled", f"taken back: {blank[0]}"), ("archived", "taken back")]


def test_it_asks_as_little_for_a_large_case(operator, django_assert_num_queries):
    def statements(count):
        entry = receipt_of(delivery(operator, count=count)[0])
        with django_assert_num_queries(14):
            receipts.undo_receipt(entry, by=operator)

    statements(1)
    statements(30)


def test_only_that_delivery_goes(operator):
    single, gone = delivery(operator), delivery(operator, count=2)
    others = delivery(make_user())
    assert {spool.pk for spool in undo_receipt(gone[1], by=operator)} == {each.pk for each in gone}
    assert list(Spool.objects.on_shelf().order_by("pk")) == [*single, *others]


# --- Who, and until when -------------------------------------------------------------------------


def test_what_another_received_or_long_ago_is_not_taken_back(operator):
    (spool, *_) = delivery(operator)
    later = timezone.now() + timedelta(minutes=31)
    for by, at in ((make_user(), None), (operator, later)):
        with pytest.raises(UndoNotPermitted):
            undo_receipt(spool, by=by, at=at)
        assert last_action.find(by=by, at=at) is None
    undo_receipt(spool, by=make_user(role=roles.MANAGER), at=later)


def test_a_viewer_takes_nothing_back(farm_client, viewer, operator):
    (spool, *_) = delivery(operator)
    farm_client.force_login(viewer)
    path = f"/floor/spools/{spool.pk}/undo-receipt/"
    assert touch(farm_client, path, event=receipt_of(spool).pk).status_code == 403
    farm_client.force_login(operator)
    assert touch(farm_client, path, event=999_999).status_code == 404
    assert not InventoryTransaction.objects.filter(kind="reversal").exists()


def test_it_is_taken_back_once(floor, operator):
    (spool, *_) = delivery(operator)
    undo_receipt(spool, by=operator)
    with pytest.raises(NothingToUndo, match="taken back already"):
        undo_receipt(spool, by=operator)
    assert InventoryTransaction.objects.filter(kind="reversal").count() == 3


def test_a_table_of_spools_is_taken_back_as_one(floor, operator, monkeypatch):
    monkeypatch.setattr(spool_import, "BATCH", 2)
    a_filament("Galaxy")
    table = "name,initial_grams,left\n" + "Galaxy,1000,\n" * 4 + "Galaxy,1000,400\n"
    report = import_spools(table, by=operator)
    found = last_action.find(by=operator)
    assert (found.kind, found.text) == ("receipt", "received 5 spools")
    assert found.event in Spool.objects.values_list("transactions", flat=True)
    assert "5 spools are off the shelf" in press(floor)
    assert not Spool.objects.on_shelf().exists()
    assert import_spools(table, by=operator).count("created") == 5  # it is there no more
    assert report.receipt
    assert violations() == []


# --- What happened since -------------------------------------------------------------------------


def weighed(spool):
    scale.weigh(spool, gross_grams=1190, by=None)
    return "has other entries by now"


def planned(spool):
    return f"is named by run {a_run((spool, 0)).number}"


def loaded(spool):
    slot = a_slot()
    slots.load(spool, slot=slot, by=None)
    return f"is in {slot}"


def moved(spool):
    shelf.move(spool, location=Location.objects.create(name="Dry box"), by=None)
    return "was changed since"


def archived(spool):
    shelf.archive(spool, discard=False, by=None)
    return "is archived"


def planned_once(spool):
    lifecycle.delete(a_run((spool, 10)), by=None)
    return "was changed since"


@pytest.mark.parametrize("happen", [weighed, planned, loaded, moved, archived, planned_once])
def test_a_delivery_to_which_something_happened_stays_and_says_why(floor, operator, happen):
    spool, other, _ = delivery(operator)
    why = happen(other)
    assert last_action.find(by=operator) is None
    path = f"/floor/spools/{spool.pk}/undo-receipt/"
    text = page_after(floor, touch(floor, path, event=receipt_of(spool).pk))
    assert f"Spool {other.code} {why}" in text
    assert "Archive each spool that should not be here" in text
    assert fresh(spool).remaining_grams == 1000
    assert not InventoryTransaction.objects.filter(kind="reversal").exists()


def test_another_entry_is_no_delivery(operator):
    (spool, *_) = delivery(operator)
    entry = consumption.use(spool, grams=5, by=operator)
    with pytest.raises(NothingToUndo):
        receipts.undo_receipt(entry, by=operator)
