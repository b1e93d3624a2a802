"""A corrected price: what was booked at the old one is reported, and revalued on demand."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from inventory.models import InventoryTransaction
from inventory.services import filaments, reversing, stock
from inventory.services.reversing import CountedSince
from inventory.services.spools import consumption, revaluing, scale, shelf
from inventory.services.spools.valuation import revaluation
from production.services import completion, variance
from production.services.reports.consumption import consumption as consumed
from tests.factories import a_filament, a_running_run, a_spool
from tests.production.admin_forms import carry_out, failure, fields
from tests.production.completed_runs import printed, took
from tests.queries import fresh, remaining, violations
from tests.responses import done, refused, text_of

pytestmark = pytest.mark.usefixtures("farm")

SPOOLS = "/api/v1/spools/"


def at(spool, *verb):
    return f"{SPOOLS}{spool.pk}/" + "".join(f"{each}/" for each in verb)


def material_cost(run):
    figure = variance.of_run(fresh(run))["cost"]["material"]
    return figure["planned"], figure["actual"]


def balances(spool):
    """What no revaluation may touch."""
    spool = fresh(spool)
    consumed = InventoryTransaction.objects.consumption().filter(spool=spool)
    grams = sorted((entry.kind, entry.grams, entry.production_run_id) for entry in consumed)
    return spool.remaining_grams, spool.reserved_grams, spool.first_used_at, grams


def test_a_corrected_price_says_what_was_booked_at_the_old_one_and_revaluing_moves_it(api, manager):
    spool = a_spool(1000, price=20)
    run, failed = printed((spool, 100)), a_running_run((spool, 50))
    completion.fail(failed, by=None, reason=failure(), materials=[took(spool, 50)])
    consumption.use(spool, grams=10, reason="sample", note="For the fair", by=None)
    scale.weigh(spool, gross_grams=1030, by=None)
    before = balances(spool)
    offered = done(api.patch(at(spool), {"price": "40"}))["revaluation"]
    assert offered["total"] == {
        "entry_count": 3,
        "grams": "160.000000",
        "before": "3.2000",
        "after": "6.4000",
        "difference": "3.2000",
    }
    assert [(each["number"], each["before"], each["after"]) for each in offered["runs"]] == [
        (run.number, "2.0000", "4.0000"),
        (failed.number, "1.0000", "2.0000"),
    ]
    assert offered["without_run"]["difference"] == "0.2000"
    assert done(api.patch(at(spool), {"comment": "Red"}))["revaluation"] is None  # reported before
    entries = InventoryTransaction.objects.count()
    dry = done(api.post(at(spool, "revalue"), {"dry_run": True}))
    assert (dry["revaluation"], dry["dry_run"]) == (offered, True)
    assert (material_cost(run), InventoryTransaction.objects.count()) == ((2, 2), entries)
    answer = done(api.post(at(spool, "revalue")))
    assert (answer["revaluation"], answer["dry_run"]) == (offered, False)
    assert material_cost(run) == (2, 4)  # the frozen plan stays
    assert material_cost(failed) == (1, 2)
    assert (balances(spool), violations()) == (before, [])
    posted = InventoryTransaction.objects.filter(spool=spool).order_by("pk")[entries:]
    kinds = ["reversal", "usage", "reversal", "waste", "reversal", "usage"]
    assert [(entry.kind, entry.reason) for entry in posted] == [(k, "revalued") for k in kinds]
    assert {entry.performed_by for entry in posted} == {manager}
    assert posted[5].note == "For the fair"
    assert done(api.post(at(spool, "revalue")))["revaluation"] is None  # again: nothing is left
    assert InventoryTransaction.objects.count() == entries + 6
    (whole,) = consumed()
    assert (whole["grams"]["total"], whole["cost"]["total"]) == (160, Decimal("6.4"))


def test_a_price_that_was_missing_fills_in_and_can_be_corrected_later():
    spool = a_spool(1000, filament=a_filament(price=None))
    run = printed((spool, 100))
    spool = shelf.describe(spool, price=20, by=None)
    assert (material_cost(run)[1], revaluation([spool])) == (2, None)
    spool = shelf.describe(spool, price=30, by=None)
    assert (material_cost(run)[1], revaluation([spool]).total.difference) == (2, 1)
    revaluing.revalue(spool, by=None)
    assert (material_cost(run)[1], violations()) == (3, [])


def test_the_price_of_a_filament_says_it_of_all_spools_without_one_of_their_own(api, as_manager):
    filament = a_filament(price=20)
    spools = [a_spool(1000, filament=filament) for _ in range(2)]
    own = a_spool(1000, filament=filament, price=20)
    for spool in (*spools, own):
        printed((spool, 100))
    offered = done(api.patch(f"/api/v1/filaments/{filament.pk}/", {"price": "25"}))["revaluation"]
    assert (offered["total"]["entry_count"], offered["total"]["difference"]) == (2, "1.0000")
    address = reverse("admin:inventory_filament_change", args=[filament.pk])
    typed = fields(as_manager.get(address)) | {"price": "30"}
    assert "2 entries keep the old price: 4 instead of 6" in text_of(
        as_manager.post(address, typed, follow=True)
    )
    revaluing.revalue(spools[0], by=None)
    assert filaments.update(fresh(filament), by=None, comment="Still") == filament


def test_the_admin_tells_shows_and_revalues(as_manager):
    spool = a_spool(1000, price=20)
    run = printed((spool, 100))
    address = reverse("admin:inventory_spool_change", args=[spool.pk])
    assert "/revalue/" not in text_of(as_manager.get(address))
    typed = fields(as_manager.get(address)) | {"price": "30"}
    text = text_of(as_manager.post(address, typed, follow=True))
    assert f"1 entries keep the old price: 2 instead of 3 (runs: {run.number})" in text
    page = reverse("admin:inventory_spool_do_revalue", args=[spool.pk])
    assert page in text_of(as_manager.get(address))
    seen, _answer = carry_out(as_manager, page)
    assert run.number in text_of(seen)
    assert (material_cost(run), violations()) == ((2, 3), [])


def test_a_spool_without_a_price_is_not_revalued_and_an_operator_revalues_none(api, operator):
    spool = a_spool(1000, filament=a_filament(price=None))
    refused(api.post(at(spool, "revalue")), 409, "price_unknown")
    api.force_authenticate(operator)
    refused(api.post(at(spool, "revalue")), 403, "permission_denied")


def test_what_was_revalued_is_corrected_reverted_and_reversed_as_before():
    spool = a_spool(1000, price=20)
    runs = [printed((spool, 100)), printed((spool, 100))]
    entry = consumption.use(spool, grams=10, by=None)
    scale.weigh(spool, gross_grams=980, by=None)  # what is on it was seen
    shelf.describe(spool, price=30, by=None)
    revaluing.revalue(spool, by=None)
    completion.correct(runs[0], by=None, materials=[took(spool, 110)])
    assert (remaining(spool), material_cost(runs[0])[1]) == (780, Decimal("3.3"))
    again = InventoryTransaction.objects.not_reversed().get(spool=spool, grams=-10, kind="usage")
    with pytest.raises(CountedSince):
        reversing.reverse(again, reason="A slip", by=None)
    assert again.occurred_at == entry.occurred_at
    completion.revert(runs[1], by=None, confirm=True)
    assert violations() == []


def test_the_pace_of_a_filament_is_that_of_what_was_used_then():
    filament, now = a_filament(), timezone.now()
    spool = a_spool(1000, filament=filament, price=20, at=now - timedelta(days=60))
    consumption.use(spool, grams=100, by=None, at=now - timedelta(days=50))
    consumption.use(spool, grams=30, by=None, at=now - timedelta(days=5))
    shelf.describe(spool, price=30, by=None)
    revaluing.revalue(spool, by=None)
    assert stock.of_filaments().get(pk=filament.pk).used_grams == 30
    months = consumed(period="day")
    assert [row["cost"]["total"] for row in months] == [2, Decimal("0.6"), Decimal("1.3")]
    assert [row["grams"]["total"] for row in months] == [100, 30, 0]
