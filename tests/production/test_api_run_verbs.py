"""The verbs of a run through the API: each with its story, and what it may not."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from production.models import ProductionRun, Reason
from tests.factories import a_filament, a_printer, a_product, a_run, a_running_run, a_spool
from tests.production.api_helpers import RUNS, at, booked, usage
from tests.queries import remaining
from tests.responses import done, refused

# --- fail, cancel --------------------------------------------------------------------------------


def test_a_run_fails_for_a_reason_and_its_share_of_the_plan_is_waste(api):
    spool = a_spool()
    run = a_running_run((spool, 100), items=[(a_product("CLIP"), 5)])
    body = {"reason_code": "nozzle_clog", "progress_percent": 30, "note": "again"}
    answer = done(api.post(at(run, "fail"), body))
    assert (answer["status"], answer["outcome_reason_code"]) == ("failed", "nozzle_clog")
    assert [entry["grams"] for entry in answer["entries"]] == ["-30.000000"]
    assert answer["variance"]["grams"]["total"]["actual"] == "30.000000"
    assert answer["variance"]["grams_not_compared"] == "not_measured"
    assert (remaining(spool), booked("waste")) == (970, [-30])


def test_a_run_does_not_fail_without_a_reason_or_for_one_of_scrap(api):
    run = a_running_run((a_spool(), 100))
    scrap = Reason.objects.get(kind="scrap", code="warping")
    for body in ({}, {"reason": scrap.pk}, {"reason_code": "bad luck"}, {"reason": None}):
        assert refused(api.post(at(run, "fail"), body | {"progress_percent": 5}), 400, "invalid")
    failure = Reason.objects.get(kind="failure", code="warping")
    both = {"reason": failure.pk, "reason_code": "nozzle_clog", "progress_percent": 5}
    assert "reason_code" in refused(api.post(at(run, "fail"), both), 400, "invalid")["errors"]
    both["reason_code"] = "warping"
    assert done(api.post(at(run, "fail"), both))["outcome_reason"] == failure.pk


def test_a_run_of_which_something_is_good_has_not_failed(api):
    run = a_running_run(items=[(a_product("CLIP"), 5)])
    body = {"reason_code": "warping", "items": [{"product_sku": "CLIP", "good_count": 1}]}
    refused(api.post(at(run, "fail"), body), 400, "invalid")
    body["items"] = [{"product_sku": "CLIP", "scrapped_count": 2}]
    assert done(api.post(at(run, "fail"), body))["items"][0]["scrapped_count"] == 2


def test_a_status_of_failed_goes_with_its_reason(api):
    run = a_running_run((a_spool(), 100))
    done(api.post(at(run, "actuals"), {"materials": [{"id": run.materials.get().pk,
                                                      "actual_grams": 5}]}))  # fmt: skip
    refused(api.patch(at(run), {"status": "failed"}), 400, "invalid")
    early = api.patch(at(run), {"outcome_reason_code": "warping"})
    refused(early, 409, "field_locked")
    answer = done(api.patch(at(run), {"status": "failed", "outcome_reason_code": "warping"}))
    assert (answer["status"], answer["outcome_reason_code"]) == ("failed", "warping")
    assert done(api.put(at(run), answer | {"notes": "so it goes"}))["notes"] == "so it goes"


def test_a_cancelled_run_has_used_what_is_said(api):
    spool = a_spool()
    run = a_running_run((spool, 100))
    used = [{"spool_code": spool.code, "actual_grams": "12.5"}]
    answer = done(api.post(at(run, "cancel"), {"reason": "the shop", "materials": used}))
    assert (answer["status"], remaining(spool)) == ("cancelled", Decimal("987.5"))
    planned = a_run((spool, 100))
    refused(api.post(at(planned, "cancel"), {"materials": used}), 400, "invalid")
    assert done(api.post(at(planned, "cancel")))["status"] == "cancelled"


# --- correct, reassign ---------------------------------------------------------------------------


def completed(*takes, **fields):
    run = a_running_run(*takes, **fields)
    return run, run.materials.first()


def test_a_completed_run_is_corrected_where_it_was_wrong(api):
    spool = a_spool()
    run, line = completed((spool, 100))
    done(api.post(at(run, "complete"), {"as_planned": True}))
    body = {"materials": [{"id": line.pk, "actual_grams": 90}], "reason": "typo"}
    preview = done(api.post(at(run, "correct"), body | {"dry_run": True}))
    assert (preview["dry_run"], remaining(spool)) == (True, 900)
    assert [entry["id"] for entry in preview["entries"]] == [None, None]
    answer = done(api.post(at(run, "correct"), body))
    assert (answer["dry_run"], remaining(spool)) == (False, 910)
    assert [entry["kind"] for entry in answer["entries"]] == ["reversal", "usage"]
    assert all(entry["id"] for entry in answer["entries"])


def test_what_was_booked_on_the_wrong_spool_moves_to_the_right_one(api):
    filament = a_filament()
    wrong, right = a_spool(filament=filament), a_spool(filament=filament)
    run, line = completed((wrong, 100))
    done(api.post(at(run, "complete"), {"as_planned": True}))
    body = {"material": line.pk, "spool_code": right.code}
    preview = done(api.post(at(run, "reassign"), body | {"dry_run": True}))
    assert (preview["dry_run"], remaining(right)) == (True, 1000)
    answer = done(api.post(at(run, "reassign"), body))
    assert answer["materials"][0]["spool"] == right.pk
    assert (remaining(wrong), remaining(right)) == (1000, 900)
    refused(api.post(at(run, "reassign"), body), 409, "nothing_to_reassign")
    assert api.post(at(run, "reassign"), {"material": line.pk}).status_code == 400


# --- while it prints -----------------------------------------------------------------------------


def test_a_spool_that_ran_out_is_swapped(api):
    filament = a_filament()
    old, new = a_spool(60, filament=filament), a_spool(filament=filament)
    run, line = completed((old, 60))
    body = {"material": line.pk, "spool_code": new.code, "actual_grams": "40"}
    both = refused(api.post(at(run, "swap-spool"), body | {"is_empty": True}), 400, "invalid")
    assert list(both["errors"]) == ["is_empty"]
    first, second = done(api.post(at(run, "swap-spool"), body))["materials"]
    assert (first["actual_grams"], second["spool"]) == ("40.000000", new.pk)
    assert second["reserved_grams"] == "20.000000"
    assert "swap-spool" in done(api.get(at(run)))["allowed"]


def test_a_spool_is_not_swapped_by_who_does_not_say_what_it_gave(api):
    filament = a_filament()
    old, new = a_spool(filament=filament), a_spool(filament=filament)
    run, line = completed((old, 60))
    body = {"material": line.pk, "spool": new.pk}
    refused(api.post(at(run, "swap-spool"), body), 409, "actuals_missing")
    weighed = done(api.post(at(run, "swap-spool"), body | {"gross_after_grams": "1160"}))
    assert weighed["materials"][0]["actual_grams"] == "40.000000"
    other = a_running_run((a_spool(), 1)).materials.get()
    strange = body | {"material": other.pk, "is_empty": True}
    refused(api.post(at(run, "swap-spool"), strange), 400, "not_in_run")


def test_drafts_are_kept_and_booked_when_the_run_is_completed(api):
    run, line = completed((a_spool(), 100), items=[(a_product("CLIP"), 5)])
    body = {
        "materials": [{"id": line.pk, "actual_grams": "95"}],
        "items": [{"product_sku": "CLIP", "good_count": 4, "scrapped_count": 1}],
        "actual_minutes": 61,
    }
    answer = done(api.post(at(run, "actuals"), body))
    assert (answer["status"], answer["materials"][0]["actual_grams"]) == (
        "in_progress",
        "95.000000",
    )
    assert usage() == 0
    assert done(api.post(at(run, "complete")))["entries"][0]["grams"] == "-95.000000"


def test_how_far_a_print_is(api):
    run = a_running_run((a_spool(), 100))
    answer = done(api.post(at(run, "progress"), {"progress_percent": "42.5"}))
    assert answer["progress_percent"] == "42.50"
    for percent in (-1, 101, "NaN", None):
        problem = refused(
            api.post(at(run, "progress"), {"progress_percent": percent}), 400, "invalid"
        )
        assert list(problem["errors"]) == ["progress_percent"]


# --- again ---------------------------------------------------------------------------------------


def test_what_was_not_good_is_printed_again(api):
    run = a_running_run((a_spool(), 100), items=[(a_product("CLIP", grams=20), 5)])
    counts = [{"product_sku": "CLIP", "good_count": 3, "scrapped_count": 2}]
    done(api.post(at(run, "complete"), {"as_planned": True, "items": counts}))
    answer = api.post(at(run, "reprint"), {"priority": 5, "notes": "for the fair"})
    again = done(answer, 201)
    assert answer["Location"].endswith(at(again["id"]))
    assert (again["status"], again["reprint_of"], again["priority"]) == ("planned", run.pk, 5)
    assert (again["items"][0]["quantity"], again["materials"][0]["planned_grams"]) == (
        2,
        "40.000000",
    )
    done(api.post(at(again["id"], "cancel")))
    refused(api.post(at(again["id"], "reprint"), {"status": "planned"}), 400, "invalid")


def forgotten(spool, **more):
    now = timezone.now()
    return {
        "started_at": (now - timedelta(hours=3)).isoformat(),
        "finished_at": (now - timedelta(hours=1)).isoformat(),
        "items": [{"product_sku": "CLIP", "good_count": 4, "scrapped_count": 1}],
        "materials": [{"spool_code": spool.code, "actual_grams": "101"}],
        "actual_minutes": "118",
    } | more


def test_a_forgotten_run_is_recorded(api):
    a_product("CLIP"), a_printer("Mk4", needs_clearing=True)
    spool = a_spool()
    answer = api.post(f"{RUNS}record/", forgotten(spool, printer_name="mk4"))
    run = done(answer, 201)
    assert answer["Location"].endswith(at(run["id"]))
    assert (run["status"], run["dry_run"], remaining(spool)) == ("completed", False, 899)
    assert run["variance"]["number"] == run["number"]
    assert run["variance"]["grams"]["total"]["percent"] is None


def test_a_rehearsed_record_leaves_nothing_not_even_a_number(api):
    a_product("CLIP")
    spool = a_spool()
    preview = done(api.post(f"{RUNS}record/", forgotten(spool, dry_run=True)))
    assert (preview["dry_run"], preview["variance"]["run"]) == (True, None)
    (entry,) = preview["entries"]
    assert (entry["id"], entry["run"], entry["grams"]) == (None, None, "-101.000000")
    assert preview["variance"]["items"][0]["item"] is None
    assert (ProductionRun.objects.count(), remaining(spool)) == (0, 1000)
    assert done(api.post(f"{RUNS}record/", forgotten(spool)), 201)["number"].endswith("-001")


def test_a_record_is_of_something_that_is_over(api):
    a_product("CLIP")
    spool = a_spool()
    for more in (
        {"items": [], "materials": []},
        {"finished_at": (timezone.now() + timedelta(hours=1)).isoformat()},
        {"started_at": timezone.now().isoformat()},
        {"materials": [{"actual_grams": "1"}]},
        {"items": [{"product_sku": "CLIP", "good_count": 0}]},
    ):
        answer = api.post(f"{RUNS}record/", forgotten(spool, **more))
        assert answer.status_code == 400, more
    assert not ProductionRun.objects.exists()


def test_the_answer_made_from_what_is_at_hand_is_what_is_read_afterwards(api):
    printer = a_printer("Elm")
    product = a_product("HOOK", grams=5)
    spool, other = a_spool(1000), a_spool(1000)
    items = [(product, 4), (a_product("BOX", grams=2), 1)]
    run, failed = (
        a_running_run((spool, 30), (other, 5), items=items, printer=printer, by=None)
        for printer in (printer, None)
    )
    scrap = {"id": run.items.first().pk, "good_count": 3, "scrapped_count": 1}
    drafts = {"items": [scrap | {"scrap_reason_code": "warping"}]}
    done(api.post(at(run, "actuals"), drafts))
    line, right = run.materials.first().pk, a_spool(500, filament=spool.filament)
    bodies = {
        f"{run.pk}/complete/": {"as_planned": True, "confirm": True},
        f"{run.pk}/correct/": {"materials": [{"id": line, "actual_grams": "28.5"}]},
        f"{run.pk}/reassign/": {"material": line, "spool": right.pk},
        f"{failed.pk}/fail/": {"reason_code": "nozzle_clog", "progress_percent": 50},
    }
    for path, body in bodies.items():
        answer = done(api.post(f"{RUNS}{path}", body))
        for extra in ("dry_run", "variance", "explanation", "entries"):
            del answer[extra]
        assert answer == api.get(f"{RUNS}{answer['id']}/").json(), path
