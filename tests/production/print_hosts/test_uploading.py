"""The slicer's own button: the file is received, planned as the last time, and passed on."""

import pytest

from production.models import ProductionRun, SlicedFile
from production.services import completion
from production.services.print_hosts import connection
from production.services.runs import lifecycle
from tests.factories import (
    a_print_host,
    make_token,
)
from tests.production.print_hosts.slicers import (
    DOUBTFUL,
    HOOK,
    ORCA,
    PRUSA,
    SUPER,
    PlayedSlicer,
    a_slicer,
    error,
)

PRINT = {"print": "true"}


def connect(server, printer, **fields):
    given = {"kind": server.kind, "url": server.url, "secret": server.key}
    return a_print_host(printer, **(given | fields))


def runs_of(printer):
    return list(ProductionRun.objects.filter(printer=printer).order_by("pk"))


# --- The test of a connection ---------------------------------------------------------------------


@pytest.mark.parametrize("speaks", [PRUSA, SUPER, ORCA])
def test_slicers_take_it_for_an_octoprint(operator, speaks):
    """PrusaSlicer's ``validate_version_text``, and those that follow it."""
    answer = a_slicer(operator, speaks=speaks).test()
    data = answer.json()
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert data.keys() == {"api", "server", "text"}
    assert data["text"].startswith("OctoPrint")


def test_a_bearer_is_a_key_as_well(operator):
    secret = make_token(operator, scope="printer", kind="slicer")
    assert PlayedSlicer("").get("/api/version", HTTP_AUTHORIZATION=f"Bearer {secret}").json()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"kind": "moonraker"}, "kind of this one is Moonraker"),
        ({"kind": ""}, "kind of this one is none"),
        ({"kind": "slicer", "scope": "all"}, "scope all"),
        ({"kind": "slicer", "scope": "printer_read"}, "production.add_slicedfile"),
    ],
)
def test_other_tokens_are_let_in_nowhere(operator, given, words):
    slicer = PlayedSlicer(make_token(operator, **({"scope": "printer"} | given)))
    assert words in error(slicer.test(), 403)
    assert words in error(slicer.upload(), 403)
    assert not SlicedFile.objects.exists()


def test_a_role_that_only_looks_uploads_nothing(viewer):
    assert "role viewer" in error(a_slicer(viewer).upload(), 403)


def test_nobody_is_let_in(farm_client, operator):
    assert "not valid" in error(PlayedSlicer("spb_wrong").upload(), 403)
    assert "as the API key" in error(PlayedSlicer("").upload(), 403)
    farm_client.force_login(operator)  # no session
    assert "as the API key" in error(farm_client.get("/api/version"), 403)


@pytest.mark.parametrize("path", ["/api/version", "/api/files/local"])
def test_other_methods_are_none(operator, path):
    slicer = a_slicer(operator)
    method = "DELETE"
    answer = slicer.generic(method, path)
    assert (answer.status_code, answer["Allow"]) == (405, answer["Allow"])
    assert "takes" in error(answer, 405)


def test_what_no_view_sees_is_refused_in_the_same_shape(operator, settings):
    settings.MAX_FILE_BYTES = 1000
    assert "bytes" in error(a_slicer(operator).upload(HOOK * 50), 413)
    assert error(PlayedSlicer("", host="nobody.example.com").test(), 404)


# --- Receiving and planning -----------------------------------------------------------------------


@pytest.mark.parametrize("speaks", [PRUSA, SUPER, ORCA])
def test_an_unknown_file_is_planned_as_is_proposed(operator, printer, speaks):
    answer = a_slicer(operator, printer, speaks=speaks).upload()
    file, [run] = SlicedFile.objects.get(), runs_of(printer)
    assert (file.filename, file.printer, file.created_by) == ("Hook.gcode", printer, operator)
    assert file.size_bytes == len(HOOK)
    data = answer.json()
    assert answer.status_code == 201, data
    assert answer["Location"].endswith(f"/api/v1/sliced-files/{file.pk}/")
    assert data["files"]["local"]["path"] == "Hook.gcode"
    assert (data["done"], data["effectivePrint"], data["runs"]) == (True, False, [run.number])
    assert data["message"] == f"Planned as {run.number}."
    assert [(item.product.name, item.quantity) for item in run.items.all()] == [("Hook", 1)]
    assert [line.spool for line in run.materials.all()] == [printer.slots.get().spool]


def test_what_is_on_the_shelf_is_chosen_at_the_start(operator, printer):
    printer.slots.update(spool=None)
    a_slicer(operator, printer).upload()
    [run] = runs_of(printer)
    assert [line.spool for line in run.materials.all()] == [None]


def test_a_doubtful_file_waits_for_somebody(slicer, printer):
    data = slicer.upload(DOUBTFUL).json()
    assert data["message"].startswith("Received, not planned: ")
    assert data["message"].endswith("Plan it from the list of sliced files.")
    assert (data["runs"], runs_of(printer)) == ([], [])


def test_a_known_file_is_planned_as_the_last_time(slicer, printer, known):
    data = slicer.upload().json()
    [run] = runs_of(printer)
    assert data["runs"] == [run.number]
    assert data["message"] == f"Planned as {run.number}."
    assert [item.product for item in run.items.all()] == [known.items.get().product]


def test_the_same_again_is_planned_once(slicer, printer, known):
    first, second = slicer.upload(), slicer.upload()
    assert first.json()["runs"] == second.json()["runs"]
    assert SlicedFile.objects.filter(printer=printer).count() == 1
    run = lifecycle.start(runs_of(printer)[0], by=None)
    completion.complete(run, by=None, as_planned=True)
    assert slicer.upload().json()["runs"] != first.json()["runs"]


def test_what_can_not_be_planned_says_why(slicer, printer, known):
    printer.is_active = False
    printer.save()
    data = slicer.upload().json()
    assert data["message"].startswith("Received, not planned: ")
    assert (data["runs"], runs_of(printer)) == ([], [])


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"G28\nG1 X1\n", 400), (b"", 400), (b"PK\x03\x04broken", 400), (b"\0" * 2000, 400)],
)
def test_what_is_no_sliced_file_is_refused(slicer, printer, moonraker, content, status):
    connect(moonraker, printer)
    assert error(slicer.upload(content), status)
    assert (moonraker.got, SlicedFile.objects.count()) == ([], 0)


@pytest.mark.parametrize(
    "fields",
    [
        {"path": "../etc"},
        {"path": "a/" * 150},
        {"path": "a\x07"},
        {"plateindex": "x"},
        {"plateindex": "0"},
        {"plateindex": "²"},
    ],
)
def test_fields_that_mean_nothing_are_refused(slicer, fields):
    assert error(slicer.upload(**fields), 400)
    assert not SlicedFile.objects.exists()


def test_a_plate_that_is_not_in_the_file_is_not_planned(slicer, printer, known):
    assert slicer.upload(plateindex="7").json()["runs"] == []


def test_a_body_that_is_no_form_is_refused(slicer):
    answer = slicer.generic("POST", "/api/files/local", HOOK, "text/x.gcode")
    assert "as a form" in error(answer, 400)


# --- Passing on -----------------------------------------------------------------------------------


def test_a_file_is_passed_on_as_it_came(slicer, printer, server):
    connect(server, printer)
    answer = slicer.upload(path="parts/")
    assert answer.json()["files"]["local"]["path"] == "parts/Hook.gcode"
    assert answer.json()["passed_on"] is True
    assert server.got[-1][4] == HOOK
    assert "Print-After-Upload" not in server.got[-1][2]
    assert server.got[-1][3].get("print", "false") == "false"


def test_one_that_is_planned_and_not_taken_says_both(slicer, printer, known, octoprint):
    connect(octoprint, printer)
    octoprint.answer = (507, {"error": "Disk is full"})
    said = error(slicer.upload(), 507)
    [run] = runs_of(printer)
    assert f"Planned as {run.number}. Not passed on to Elm." in said
    assert "Disk is full" in said


def test_one_that_is_not_planned_is_passed_on(slicer, printer, moonraker):
    connect(moonraker, printer)
    assert slicer.upload(DOUBTFUL).json()["passed_on"] is True


def test_one_that_was_sent_and_not_answered_may_be_there(slicer, printer, moonraker, monkeypatch):
    monkeypatch.setattr(connection, "WAIT_SECONDS", 0.05)
    connect(moonraker, printer)
    moonraker.is_slow = True
    said = error(slicer.upload(DOUBTFUL), 504)
    assert "Perhaps passed on to Elm." in said
    assert "list of sliced files" in said


def test_a_printer_that_is_gone_loses_nothing(slicer, printer, moonraker):
    connect(moonraker, printer)
    moonraker.stops_after = 100
    assert "assed on to Elm." in error(slicer.upload(), 502)  # all of it may be on its way
    moonraker.stops_after = None
    assert slicer.upload().status_code == 201
    assert SlicedFile.objects.count() == 1
