"""A run in the API, and who may do what with it."""

import pytest

from tests.factories import a_filament, a_printer, a_product, a_run, a_running_run, a_spool
from tests.production.api_helpers import RUNS, at
from tests.responses import done, refused


def test_what_keeps_a_run_from_starting(api):
    spool, printer = a_spool(), a_printer("Mk4", needs_clearing=True)
    run = a_run((spool, 100), printer=printer)
    answer = done(api.get(at(run, "blockers")))
    assert [blocker["code"] for blocker in answer["blockers"]] == ["printer_needs_clearing"]
    assert answer["blockers"][0]["numbers"] == {"printer_id": printer.pk}
    done(api.post(f"/api/v1/printers/{printer.pk}/clear/"))
    assert done(api.get(at(run, "blockers")))["blockers"] == []


def test_a_run_lists_the_verbs_that_have_an_address_by_its_name(api):
    run = a_run((a_spool(), 100))
    planned = done(api.get(at(run)))["allowed"]
    assert planned == ["cancel", "copy", "refresh-plan", "reorder", "start"]
    started = done(api.post(at(run, "start")))["allowed"]
    assert started == ["actuals", "cancel", "change-printer", "complete", "copy", "fail",
                       "progress", "swap-spool", "unstart"]  # fmt: skip
    for verb in started:
        assert api.post(at(run, verb), {"unheard": 1}).status_code == 400, verb
    problem = refused(api.post(at(run, "start")), 409, "invalid_run_status")
    assert problem["allowed"] == started


def test_an_operator_does_every_verb_and_a_viewer_none(api, operator, viewer):
    run = a_running_run((a_spool(), 100))
    verbs = ["start", "unstart", "swap-spool", "actuals", "progress", "complete", "fail", "cancel",
             "take-over-reports", "revert", "correct", "reassign", "reprint", "copy"]  # fmt: skip
    paths = [*(at(run, verb) for verb in verbs), f"{RUNS}record/"]
    for path in paths:
        api.force_authenticate(viewer)
        refused(api.post(path, {}), 403, "permission_denied")
        api.force_authenticate(operator)
        assert api.post(path, {"unheard": 1}).status_code == 400, path


def test_a_draft_of_a_run_that_was_not_started_is_refused_by_name(api):
    run = a_run((a_spool(), 100), items=[(a_product("CLIP"), 5)])
    line, item = run.materials.get(), run.items.get()
    for path, body in (
        (at(run, "materials", line.pk), {"actual_grams": "5"}),
        (at(run, "items", item.pk), {"good_count": 5}),
    ):
        assert list(refused(api.patch(path, body), 409, "not_started")["errors"]) == list(body)
        assert done(api.put(path, done(api.get(path))))
    done(api.post(at(run, "start")))
    done(api.patch(at(run, "materials", line.pk), {"actual_grams": "5"}))


@pytest.mark.parametrize("verb", ["complete", "correct", "fail", "reassign"])
def test_a_deleted_run_is_closed_by_nobody(api, verb):
    run = a_run((a_spool(), 10))
    api.delete(at(run))
    assert api.post(at(run, verb), {}).status_code == 404


def test_too_few_plates_are_no_printers_fault(api):
    product = a_product("CLIP", units_per_plate=2)
    body = {"items": [{"product": product.pk, "quantity": 9}], "plate_count": 1}
    problem = refused(api.post(RUNS, body), 409, "limit_exceeded")
    assert problem["title"] == "The plan breaks a physical limit"


def test_a_material_is_asked_for_by_the_names_people_know(api):
    spool = a_spool(filament=a_filament("Deep blue"))
    body = {"materials": [{"material_type_code": "pla", "planned_grams": 1},
                          {"filament_name": "deep blue", "planned_grams": 2}]}  # fmt: skip
    lines = done(api.post(RUNS, body), 201)["materials"]
    assert [(line["material_type_code"], line["filament"]) for line in lines] == [
        ("PLA", None),
        (None, spool.filament_id),
    ]
    a_filament("Deep blue")
    problem = refused(api.post(RUNS, body), 400, "invalid")
    assert "2 are called" in problem["errors"]["materials.1.filament_name"][0]


def test_a_former_label_still_finds_its_spool(api):
    spool = a_spool()
    former = spool.code
    done(api.post(f"/api/v1/spools/{spool.pk}/relabel/"))
    run = done(api.post(RUNS, {"materials": [{"spool_code": former, "planned_grams": 1}]}), 201)
    assert run["materials"][0]["spool"] == spool.pk
    assert run["materials"][0]["spool_code"] != former


EVENTS = "/api/v1/run-events/"


def events(api, **asked):
    return done(api.get(EVENTS, query_params=asked))["results"]


def test_what_was_done_to_a_run_is_told_in_its_order(api, manager):
    run = a_running_run((a_spool(), 100))
    done(api.post(at(run, "cancel"), {"reason": "Sold out"}))
    history = events(api, run=run.pk)
    assert [each["verb"] for each in history] == ["create", "start", "cancel"]
    assert (history[0]["from_status"], history[0]["to_status"]) == ("", "planned")
    last = done(api.get(f"{EVENTS}{history[-1]['id']}/"))
    assert (last["run_number"], last["to_status"]) == (run.number, "cancelled")
    by = [last["by"], last["by_username"], last["by_name"], last["reason"]]
    assert by == [manager.pk, manager.username, manager.name or manager.username, "Sold out"]


def test_who_follows_the_runs_hears_of_one_that_was_deleted(api):
    run, other = a_run((a_spool(), 100)), a_run((a_spool(), 100))
    seen = events(api)[-1]["id"]
    done(api.post(at(other, "start")))
    assert api.delete(at(run)).status_code == 204
    news = [(each["run"], each["verb"]) for each in events(api, after_id=seen)]
    assert news == [(other.pk, "start"), (run.pk, "delete")]
    assert [each["run"] for each in events(api, verb="delete,cancel")] == [run.pk]
    assert events(api, to_status="in_progress", run_number=run.number) == []


def test_nothing_is_written_among_what_was_done(api):
    run = a_run((a_spool(), 100))
    address = f"{EVENTS}{run.events.get().pk}/"
    assert [call(address).status_code for call in (api.delete, api.put, api.patch)] == [405] * 3
