"""What lists find of a farm's rows: by names, between two moments, in order."""

from datetime import timedelta

from django.utils import timezone

from inventory.services.spools import shelf
from production.models import ProductionRun
from tests.factories import a_printer, a_run, a_running_run, a_spool, make_user
from tests.responses import done, results


def test_what_is_called_by_a_name_is_found_by_it(api):
    by = make_user(username="zoe")
    spool = a_spool(lot_number="L-1")
    run = a_running_run((spool, 10), by=by)
    shelf.open(spool, by=by)
    shelf.relabel(spool, by=by)
    code, former, filament = spool.code, spool.code, spool.filament
    code = type(spool).objects.get(pk=spool.pk).code
    assert code != former
    a_running_run((a_spool(filament=filament), 5))
    for address, found in {
        f"inventory-transactions/?spool_code={code.lower()}": 1,
        f"inventory-transactions/?spool_code={former}": 1,
        f"inventory-transactions/?filament_name={filament.name.upper()}": 2,
        "inventory-transactions/?performed_by_username=nobody": 0,
        f"production-runs/?spool_code={former}": 1,
        "production-runs/?material_type=pla&created_by=ZOE": 1,
        f"inventory-transactions/?spool={code.lower()}": 1,
        f"production-runs/?filament_name={filament.name}&number={run.number}": 1,
        f"run-events/?by_username=ZOE&run_number={run.number}": 2,
        f"spools/{spool.pk}/events/?by_username=zoe": 2,
        f"spools/?filament_name={filament.name}&material_type_code=pla": 2,
        "spools/?filament_name=nothing": 0,
        f"reports/lots/?run_number={run.number}": 1,
        "reports/lots/?lot=l-1&manufacturer_name=nobody": 0,
        f"reports/lots/?lot=l-1&filament_name={filament.name}": 1,
        f"reports/lot-parts/?lot=l-1&filament_name={filament.name}": 0,
    }.items():
        assert len(results(api.get(f"/api/v1/{address}"))) == found, address


def test_what_was_done_lately_is_found_between_two_moments(api):
    """A range that is one is narrowed as before."""
    a_running_run((a_spool(), 10))
    soon = (timezone.now() + timedelta(minutes=1)).isoformat().replace("+", "%2B")
    events = done(api.get(f"/api/v1/run-events/?at_from={timezone.localdate()}&at_to={soon}"))
    assert events["total_count"] == 2


def test_numbers_at_the_end_of_a_name_are_put_in_order_by_their_value(api):
    for name in ("MK4 10", "MK4 2", "MK4"):
        a_printer(name)
    for number in ("ALPH-20260301-1000", "ALPH-20260301-127", "ALPH-20260302-001"):
        ProductionRun.objects.filter(pk=a_run().pk).update(number=number)
    for path, name in (("printers", "name"), ("production-runs", "number")):
        rows, reverse = (
            [row[name] for row in results(api.get(f"/api/v1/{path}/?ordering={minus}{name}"))]
            for minus in ("", "-")
        )
        assert rows == reverse[::-1]
        assert rows in (
            ["MK4", "MK4 2", "MK4 10"],
            ["ALPH-20260301-127", "ALPH-20260301-1000", "ALPH-20260302-001"],
        )
