"""Planning, starting and giving up a production run."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.models import Spool
from inventory.services.ledger import InsufficientInventory, SpoolArchived
from inventory.services.spools import scale
from production.models import PrinterSlot, ProductionRun, RunNumber
from production.services import completion
from production.services.requirements import readiness
from production.services.requirements.claims import DuplicateSpool, IncompatibleSpool
from production.services.run_state import InvalidRunStatus
from production.services.runs import editing, lifecycle, lines
from tenants.accounts.models import FarmSettings
from tenants.operations.refusals import Invalid, OverrideNotPermitted
from tests.factories import (
    a_filament,
    a_material_type,
    a_printer,
    a_product,
    a_run,
    a_running_run,
    a_spool,
)

pytestmark = pytest.mark.usefixtures("farm")
Status = ProductionRun.Status


def reserved(spool):
    return Spool.objects.get(pk=spool.pk).reserved_grams


def test_a_planned_run_claims_its_grams_part_and_purge():
    spool = a_spool(1000)
    run = a_run((spool, 100, 5))
    assert (run.status, reserved(spool)) == ("planned", 105)
    assert run.materials.get().reserved_grams == 105
    assert [event.verb for event in run.events.all()] == ["create"]


def test_runs_of_a_day_are_numbered_in_the_farms_time_zone():
    FarmSettings.objects.update(run_prefix="ACME", timezone="Pacific/Auckland")
    late_in_utc = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    assert [a_run(at=late_in_utc).number for _ in range(2)] == [
        "ACME-20260302-001",
        "ACME-20260302-002",
    ]


def test_without_a_prefix_the_farms_short_name_is_taken(farm):
    FarmSettings.objects.update(run_prefix="")
    assert a_run().number.startswith(farm.slug[:4].upper() + "-")


def test_a_refused_create_leaves_nothing_and_no_gap_in_the_numbers():
    spool = a_spool(10)
    first = a_run()
    with pytest.raises(InsufficientInventory):
        a_run((spool, 11))
    assert int(a_run().number[-3:]) == int(first.number[-3:]) + 1
    assert ProductionRun.objects.count() == 2
    assert reserved(spool) == 0


def test_the_number_after_999_has_four_digits():
    moment = datetime(2026, 5, 5, tzinfo=UTC)
    a_run(at=moment)
    RunNumber.objects.filter(on_date="2026-05-05").update(last=999)
    assert a_run(at=moment).number.endswith("-1000")


def test_a_spool_is_on_one_line_of_a_run_only():
    spool = a_spool(100)
    with pytest.raises(DuplicateSpool):
        a_run((spool, 60), (spool, 60))


def test_an_archived_spool_is_refused():
    spool = a_spool(100)
    Spool.objects.update(archived_at=timezone.now())
    with pytest.raises(SpoolArchived):
        a_run((spool, 10))


def test_all_shortages_are_in_one_answer():
    one, two = a_spool(10), a_spool(20)
    with pytest.raises(InsufficientInventory) as refused:
        a_run((one, 11), (two, 21))
    assert len(refused.value.numbers["shortages"]) == 2


def test_only_a_manager_may_claim_more_than_there_is(operator, manager):
    spool = a_spool(10)
    with pytest.raises(OverrideNotPermitted):
        a_run((spool, 11), by=operator, override_reason="A spool is on its way")
    run = a_run((spool, 11), by=manager, override_reason="A spool is on its way")
    assert reserved(spool) == 11
    assert run.events.get().reason == "A spool is on its way"


def test_without_materials_the_run_needs_what_the_bills_of_materials_say():
    petg = a_material_type("PETG")
    body = a_product(grams="12.5", plate_minutes=60, units_per_plate=4, plate_purge_grams=2)
    wing = a_product(grams=3, material_type=petg, plate_minutes=30, units_per_plate=10)
    run = lifecycle.create(
        by=None,
        items=[
            lines.NewItem(product=body, quantity=5),
            lines.NewItem(product=wing, quantity=10),
        ],
    )
    pla, other = run.materials.order_by("pk")
    assert (pla.planned_grams, pla.planned_purge_grams) == (Decimal("62.5"), 4)
    assert (other.material_type, other.planned_grams) == (petg, 30)
    assert run.planned_minutes == 150


def test_starting_freezes_plan_and_rates():
    FarmSettings.objects.update(labour_rate=30, machine_hour_rate=2, energy_price_kwh="0.4")
    product, printer = a_product(grams=10, labour_minutes=3), a_printer(hour_rate=5, power_watts=90)
    run = a_running_run((a_spool(), 50), items=[(product, 5)], printer=printer)
    FarmSettings.objects.update(labour_rate=99, machine_hour_rate=99, energy_price_kwh=99)
    item = run.items.get()
    assert (item.planned_quantity, item.bom_grams_per_unit, item.labour_minutes_per_unit) == (
        5,
        10,
        3,
    )
    run.refresh_from_db()
    assert (run.hour_rate, run.labour_rate, run.energy_price_kwh) == (5, 30, Decimal("0.4"))
    assert (run.status, run.power_watts) == ("in_progress", 90)
    with pytest.raises(lines.PlanFrozen):
        lines.change_material(run.materials.get(), by=None, planned_grams=Decimal(1))


def test_a_run_starts_only_with_a_spool_on_every_line():
    run = lifecycle.create(by=None, items=[lines.NewItem(product=a_product(grams=5), quantity=2)])
    with pytest.raises(readiness.SpoolsMissing, match="PLA"):
        lifecycle.start(run, by=None)
    spool = a_spool(100)
    lifecycle.start(run, by=None, spools={run.materials.get().pk: spool})
    assert reserved(spool) == 10


def test_a_start_takes_the_fitting_spool_from_the_printers_slots():
    printer, spool = a_printer(), a_spool(100)
    PrinterSlot.objects.create(printer=printer, label="1", spool=spool)
    petg = a_spool(filament=a_filament(material_type=a_material_type("PETG")))
    PrinterSlot.objects.create(printer=printer, label="2", spool=petg)
    product = a_product(grams=5)
    run = lifecycle.create(
        by=None, items=[lines.NewItem(product=product, quantity=2)], printer=printer
    )
    lifecycle.start(run, by=None)
    assert run.materials.get().spool == spool


def test_a_spool_of_the_wrong_material_is_refused_unless_a_manager_insists(manager):
    run = lifecycle.create(by=None, items=[lines.NewItem(product=a_product(grams=5), quantity=2)])
    petg = a_spool(filament=a_filament(material_type=a_material_type("PETG")))
    chosen = {run.materials.get().pk: petg}
    with pytest.raises(IncompatibleSpool):
        lifecycle.start(run, by=None, spools=chosen)
    run = lifecycle.start(run, by=manager, spools=chosen, override_reason="Customer agreed")
    assert run.materials.get().spool == petg


def test_a_start_needs_the_claim_to_be_covered_still(manager):
    spool = a_spool(1000)
    run = a_run((spool, 600))
    scale.weigh(spool, gross_grams=700, by=None, confirm=True)
    with pytest.raises(InsufficientInventory) as refused:
        lifecycle.start(run, by=None)
    (short,) = refused.value.numbers["shortages"]
    assert (short["needed_grams"], short["available_grams"]) == (600, 500)
    assert lifecycle.start(run, by=manager, override_reason="Will swap").status == "in_progress"


def test_a_printer_runs_one_run_at_a_time():
    printer = a_printer()
    running = a_running_run(printer=printer)
    with pytest.raises(readiness.PrinterBusy, match=running.number):
        a_running_run(printer=printer)


def test_a_printer_must_be_cleared_before_the_next_start():
    printer = a_printer(needs_clearing=True)
    run = a_run(printer=printer)
    with pytest.raises(readiness.PrinterNeedsClearing):
        lifecycle.start(run, by=None)
    lifecycle.start(run, by=None, printer_cleared=True)
    printer.refresh_from_db()
    assert not printer.needs_clearing


def test_unstarting_gives_the_plan_and_the_printer_back():
    printer = a_printer()
    run = a_running_run((a_spool(), 10), printer=printer)
    run = lifecycle.unstart(run, by=None)
    assert (run.status, run.started_at, run.hour_rate) == ("planned", None, None)
    a_running_run(printer=printer)


def test_unstarting_resets_every_field_that_a_start_and_a_print_set():
    """A new field of a run belongs into ``SINCE_START``, or into ``lasting`` here."""
    lasting = {
        "number",
        "status",
        "created_by",
        "created_at",
        "updated_at",
        "version",
        "deleted_at",
    }
    lasting |= {"scheduled_at", "reprint_of", "plate_count_source", "planned_minutes_source"}
    lasting |= {"sliced_file", "sliced_plates", "sliced_seconds", "queue_rank"}
    lasting |= {"actual_minutes_source"}  # as other drafts
    verbs_set = {field.name for field in ProductionRun._meta.concrete_fields if not field.editable}
    assert verbs_set - set(ProductionRun.SINCE_START) == lasting


def test_cancelling_releases_the_claims():
    spool = a_spool(100)
    run = lifecycle.cancel(a_running_run((spool, 60)), by=None, reason="Order withdrawn")
    assert (run.status, reserved(spool)) == ("cancelled", 0)
    assert run.events.last().reason == "Order withdrawn"


def test_a_deleted_run_is_gone_and_its_number_stays_taken():
    spool = a_spool(100)
    run = a_run((spool, 60))
    lifecycle.delete(run, by=None)
    assert reserved(spool) == 0
    assert not ProductionRun.objects.live().exists()
    with pytest.raises(ProductionRun.DoesNotExist):
        lifecycle.start(run, by=None)
    assert a_run().number != run.number


@pytest.mark.parametrize("verb", ["start", "unstart", "cancel", "delete"])
def test_a_completed_run_refuses(verb):
    run = completion.complete(a_running_run(), by=None).run
    with pytest.raises(InvalidRunStatus) as refused:
        getattr(lifecycle, verb)(run, by=None)
    assert refused.value.numbers["allowed"] == [
        "copy",
        "correct",
        "reassign",
        "reprint",
        "revert",
        "take_reports",
        "update",
    ]


def test_an_update_moves_the_version_and_a_closed_field_is_named():
    run = a_run()
    run = lifecycle.update(run, by=None, priority=5, notes="Rush")
    assert (run.priority, run.version) == (5, 2)
    run = lifecycle.start(run, by=None)
    with pytest.raises(editing.FieldLocked) as refused:
        lifecycle.update(run, by=None, plate_count=3, notes="x")
    assert list(refused.value.errors) == ["plate_count"]
    assert ProductionRun.objects.get().notes == "Rush"


def test_a_change_of_a_line_moves_its_claim():
    one, two = a_spool(100), a_spool(100)
    run = a_run((one, 60))
    line = lines.change_material(run.materials.get(), by=None, planned_grams=Decimal(80))
    assert reserved(one) == 80
    line = lines.change_material(line, by=None, spool=two, filament=two.filament)
    assert (reserved(one), reserved(two)) == (0, 80)
    lines.remove_material(line, by=None)
    assert reserved(two) == 0


def test_a_claim_can_shrink_even_when_the_spool_is_overclaimed():
    spool = a_spool(1000)
    run = a_run((spool, 800))
    scale.weigh(spool, gross_grams=500, by=None, confirm=True)
    lines.change_material(run.materials.get(), by=None, planned_grams=Decimal(700))
    assert reserved(spool) == 700
    with pytest.raises(InsufficientInventory):
        lines.change_material(run.materials.get(), by=None, planned_grams=Decimal(701))


def test_a_line_added_after_the_start_has_a_claim_but_no_plan():
    run, spool = a_running_run((a_spool(), 10)), a_spool(100)
    line = lines.add_material(run, by=None, spool=spool, planned_grams=Decimal(20))
    assert (line.planned_grams, line.reserved_grams, reserved(spool)) == (0, 20, 20)


def test_a_line_of_a_started_run_is_set_to_zero_not_removed():
    spool = a_spool(100)
    run = a_running_run((spool, 20))
    lines.remove_material(run.materials.get(), by=None)
    line = run.materials.get()
    assert (line.planned_grams, line.actual_grams, line.reserved_grams) == (20, 0, 0)
    assert reserved(spool) == 0


@pytest.mark.parametrize("quantity", [0, -1, 10**9])
def test_an_item_has_a_sensible_quantity(quantity):
    with pytest.raises(Invalid):
        a_run(items=[(a_product(), quantity)])


def test_a_material_asks_for_something():
    line = a_run((a_spool(), 10)).materials.get()
    with pytest.raises(lines.NoRequirement, match="Name a spool"):
        lines.change_material(line, by=None, filament=None)
