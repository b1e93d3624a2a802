"""Corrections of what slicers say: proposed by what was measured, accepted, withdrawn."""

from decimal import Decimal

import pytest

from production.models import ProductionRun, SlicerCorrection
from production.services.sliced_files import corrections
from tenants.accounts.models import AuditEvent
from tenants.operations.refusals import Invalid
from tests.factories import a_filament, a_printer, a_spool
from tests.production.sliced_files.sliced_runs import printed
from tests.queries import fresh, queries_of

FACTORS = "/api/v1/reports/slicer/"
CORRECTIONS = "/api/v1/slicer-corrections/"


@pytest.fixture
def white(farm):
    """A filament of which two runs took 4 % more than the slicer says."""
    filament = a_filament("White")
    for grams in (103, 105):
        printed(a_spool(filament=filament), 100, grams)
    return filament


def current():
    return list(SlicerCorrection.objects.current())


def compared(group_by):
    return corrections.compared(ProductionRun.objects.live(), group_by=group_by)


def test_a_manager_accepts_what_was_measured_with_its_evidence(white, manager):
    [before] = compared("filament")
    assert (before["factor"], before["evident_runs"]) == (Decimal("1.0400"), 2)
    assert (before["correction"], before["correction_factor"]) == (None, None)
    done = corrections.accept(white, by=manager)
    assert (done.filament, done.printer, done.factor) == (white, None, Decimal("1.04"))
    assert (done.run_count, done.sliced_grams, done.measured_grams) == (2, 200, 208)
    assert (done.accepted_by, done.is_current) == (manager, True)
    [after] = compared("filament")
    assert (after["correction"], after["correction_factor"]) == (done.pk, Decimal("1.0400"))
    line = AuditEvent.objects.get(verb="accept")
    assert (line.object_label, line.changes) == (
        "Polyfil White × 1.04", {"factor": [None, "1.0400"]}
    )  # fmt: skip


def test_nothing_is_corrected_before_somebody_accepts_it(white):
    assert compared("filament")[0]["factor"] == Decimal("1.0400")
    assert SlicerCorrection.objects.factors([(white.pk, None)]) == {(white.pk, None): 1}


def test_a_later_one_takes_the_place_of_the_former_and_gives_it_back(white, manager):
    first = corrections.accept(white, by=manager)
    printed(a_spool(filament=white), 100, 110)
    second = corrections.accept(white, by=manager)
    assert (second.factor, second.former) == (Decimal("1.0600"), first)
    assert current() == [second]
    assert fresh(first).withdrawn_by == manager
    done = corrections.withdraw(second, by=manager)
    assert (done.is_current, done.withdrawn_by) == (False, manager)
    assert current() == [first]
    assert fresh(first).withdrawn_by is None
    corrections.withdraw(first, by=manager)
    assert current() == []


def test_the_factor_of_both_counts_before_that_of_the_filament_and_that_of_the_printer(white):
    printer, other = a_printer(), a_printer()
    printed(a_spool(filament=white), 100, 112, printer=printer)
    printed(a_spool(), 100, 96, printer=printer)
    black = a_filament()
    both = corrections.accept(white, printer=printer, by=None)
    of_filament = corrections.accept(white, by=None)
    of_printer = corrections.accept(None, printer=printer, by=None)
    assert [both.factor, of_printer.factor] == [Decimal("1.12"), Decimal("1.04")]
    pairs = [
        (white.pk, printer.pk), (white.pk, other.pk), (white.pk, None),
        (black.pk, printer.pk), (None, printer.pk), (black.pk, other.pk), (None, None),
    ]  # fmt: skip
    found = SlicerCorrection.objects.factors(pairs)
    assert [found[pair] for pair in pairs] == [
        both.factor, of_filament.factor, of_filament.factor,
        of_printer.factor, of_printer.factor, 1, 1,
    ]  # fmt: skip
    assert queries_of(lambda: SlicerCorrection.objects.factors(pairs)) == 1


def test_what_is_refused_says_why(white):
    with pytest.raises(Invalid) as refused:
        corrections.accept(None, by=None)
    assert refused.value.errors.keys() == {"filament", "printer"}
    with pytest.raises(corrections.NothingMeasured):
        corrections.accept(a_filament(), by=None)
    done = corrections.accept(white, by=None)
    with pytest.raises(corrections.AlreadyCorrected, match=r"by 1.04 already"):
        corrections.accept(white, by=None)
    corrections.withdraw(done, by=None)
    with pytest.raises(corrections.CorrectionWithdrawn, match=r"Polyfil White × 1.04 was"):
        corrections.withdraw(done, by=None)
    far = a_filament()
    printed(a_spool(filament=far), 100, 40)
    with pytest.raises(corrections.ImplausibleFactor, match=r"40 g were measured in 1 runs"):
        corrections.accept(far, by=None)
    assert current() == []


def test_of_two_who_accept_at_once_one_does(committed_farm, in_threads):
    filament = a_filament()
    printed(a_spool(filament=filament), 100, 104)
    results = in_threads(lambda _: corrections.accept(filament, by=None), 3)
    assert sorted(type(each).__name__ for each in results) == [
        "AlreadyCorrected", "AlreadyCorrected", "SlicerCorrection",
    ]  # fmt: skip
    results = in_threads(lambda _: corrections.withdraw(current()[0], by=None), 3)
    assert current() == []


def test_the_api_proposes_accepts_and_withdraws(white, api, manager, operator):
    api.force_authenticate(operator)
    [row] = api.get(FACTORS).json()["results"]
    assert (row["filament"], row["factor"], row["evident_runs"]) == (white.pk, "1.0400", 2)
    refused = api.post(CORRECTIONS, {"filament": white.pk}, format="json")
    assert refused.status_code == 403
    api.force_authenticate(manager)
    made = api.post(CORRECTIONS, {"filament": white.pk}, format="json")
    assert (made.status_code, made.json()["factor"]) == (201, "1.0400")
    assert made.json()["accepted_by_name"] == "Mona Manager"
    pk = made.json()["id"]
    assert api.get(FACTORS).json()["results"][0]["correction"] == pk
    assert [each["id"] for each in api.get(f"{CORRECTIONS}?is_current=true").json()["results"]] == [
        pk
    ]
    done = api.post(f"{CORRECTIONS}{pk}/withdraw/", {}, format="json").json()
    assert (done["is_current"], done["withdrawn_by"]) == (False, manager.pk)
    again = api.post(f"{CORRECTIONS}{pk}/withdraw/", {}, format="json")
    assert (again.status_code, again.json()["code"]) == (409, "correction_withdrawn")


def test_the_api_refuses_what_can_be_no_correction(white, api):
    for body, status, code in (
        ({}, 400, "invalid"),
        ({"printer": a_printer().pk}, 409, "nothing_measured"),
        ({"filament": 0}, 400, "invalid"),
        ({"filament": None, "printer": None}, 400, "invalid"),
        ({"factor": "1.1"}, 400, "invalid"),
    ):
        answer = api.post(CORRECTIONS, body, format="json")
        assert (answer.status_code, answer.json()["code"]) == (status, code), body
