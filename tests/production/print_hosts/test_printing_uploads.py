"""The slicer's own button, to print at once: the run starts once the printer prints."""

from datetime import timedelta

import pytest
from django.db import (
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
)
from django.db.models import QuerySet
from django.utils import timezone

from production.models import PrintHost
from production.services.print_hosts import connection
from production.services.runs import lifecycle
from tenants.accounts import roles
from tenants.operations.operation import CommitUnknown
from tests.factories import a_running_run, a_spool, make_user
from tests.production.print_hosts.slicers import DOUBTFUL, a_slicer, error
from tests.production.print_hosts.test_uploading import connect, runs_of
from tests.queries import fresh

PRINT = {"print": "true"}


def test_the_run_starts_when_the_printer_took_it(slicer, printer, known, server):
    connect(server, printer)
    answer = slicer.upload(**PRINT)
    [run] = runs_of(printer)
    assert answer.status_code == 201, answer.content
    assert answer.json()["effectivePrint"] is True
    assert run.is_printing
    assert PrintHost.objects.get().busy_until is None
    *_rest, headers, fields, _content = server.got[-1]
    assert fields.get("print") == "true" or headers["Print-After-Upload"] == "?1"


@pytest.mark.parametrize("has_printer", [True, False])
def test_nothing_can_start_without_a_printer_behind_it(operator, printer, known, has_printer):
    said = error(a_slicer(operator, printer if has_printer else None).upload(**PRINT), 409)
    assert said.startswith("Planned as ")
    assert "Nothing can start here" in said


def blocked(printer):
    printer.needs_clearing = True
    printer.save()


def busy(printer):
    a_running_run((a_spool(), 5), printer=printer)


def empty(printer):
    printer.slots.update(spool=None)


@pytest.mark.parametrize(
    ("arrange", "words"),
    [(blocked, "clear it"), (busy, "busy with run"), (empty, "Name a spool for")],
)
def test_what_may_not_start_here_does_not_print_there(
    slicer, printer, known, server, arrange, words
):
    """Nobody wants a print on a bed that is not clear."""
    connect(server, printer)
    arrange(printer)
    said = error(slicer.upload(**PRINT), 409)
    assert "It is on Elm and was not started: " in said
    assert words in said
    assert server.got[-1][3].get("print", "false") == "false"
    assert "Print-After-Upload" not in server.got[-1][2]
    assert runs_of(printer)[-1].status == "planned"


def test_a_file_that_is_new_prints_as_it_is_proposed(slicer, printer, server):
    connect(server, printer)
    answer = slicer.upload(**PRINT)
    assert answer.status_code == 201, answer.content
    assert runs_of(printer)[0].is_printing


def test_what_is_not_planned_does_not_print(slicer, printer, moonraker):
    connect(moonraker, printer)
    said = error(slicer.upload(DOUBTFUL, **PRINT), 409)
    assert "it is not planned yet" in said
    assert moonraker.got[-1][3]["print"] == "false"


def test_what_prints_already_is_not_started_again(slicer, printer, known, octoprint):
    """The slicer did not get the answer, and comes again."""
    connect(octoprint, printer)
    slicer.upload(**PRINT)
    octoprint.answer = (409, {"error": "is being printed"})
    assert "prints it already" in error(slicer.upload(**PRINT), 409)
    assert len(runs_of(printer)) == 1


def test_a_printer_that_takes_it_and_does_not_print(slicer, printer, known, moonraker):
    connect(moonraker, printer)
    moonraker.answer = (201, {"print_started": False})
    said = error(slicer.upload(**PRINT), 409)
    assert "It is on Elm, which does not print it: Klipper did not start it" in said
    assert runs_of(printer)[0].status == "planned"


def test_a_printer_that_may_print_is_to_be_looked_at(
    slicer, printer, known, octoprint, monkeypatch
):
    monkeypatch.setattr(connection, "WAIT_SECONDS", 0.05)
    connect(octoprint, printer)
    octoprint.is_slow = True
    said = error(slicer.upload(**PRINT), 504)
    [run] = runs_of(printer)
    assert f"if it prints, start run {run.number} by hand" in said
    assert run.status == "planned"


def test_a_run_that_does_not_start_though_the_printer_does(
    slicer, printer, known, moonraker, monkeypatch
):
    """Somebody said that its bed is not clear while the file was sent."""
    connect(moonraker, printer)
    taken = moonraker.RequestHandlerClass.taken

    def take_away(handler, fields):
        moonraker.has_taken = True
        taken(handler, fields)

    monkeypatch.setattr(moonraker.RequestHandlerClass, "taken", take_away)
    start = lifecycle.start

    def start_later(run, *, by):
        if getattr(moonraker, "has_taken", False):
            blocked(printer)
        return start(run, by=by)

    monkeypatch.setattr(lifecycle, "start", start_later)
    said = error(slicer.upload(**PRINT), 409)
    assert "Elm prints it, but run" in said
    assert said.endswith("Start it by hand.")
    assert runs_of(printer)[0].status == "planned"


@pytest.mark.parametrize(
    "failure",
    [OperationalError, InterfaceError, InternalError, ProgrammingError, DataError, IntegrityError],
)
def test_a_database_that_fails_once_the_printer_prints(
    slicer, printer, known, moonraker, monkeypatch, failure
):
    connect(moonraker, printer)
    start, update = lifecycle.start, QuerySet.update

    def fail(run, *, by):
        if moonraker.got:
            raise failure("server closed the connection unexpectedly")
        return start(run, by=by)

    def fail_to_note(rows, **values):
        if moonraker.got and rows.model is PrintHost:
            raise failure("server closed the connection unexpectedly")
        return update(rows, **values)

    monkeypatch.setattr(lifecycle, "start", fail)
    monkeypatch.setattr(QuerySet, "update", fail_to_note)
    said = error(slicer.upload(**PRINT), 409)
    assert f"Elm prints it, but run {runs_of(printer)[0]} was not started: The" in said
    assert "database is not available" in said


def test_a_database_that_does_not_say_whether_the_run_was_started(
    slicer, printer, known, moonraker, monkeypatch
):
    connect(moonraker, printer)
    start = lifecycle.start

    def fail(run, *, by):
        started = start(run, by=by)
        if moonraker.got:
            raise CommitUnknown("server closed the connection unexpectedly")
        return started

    monkeypatch.setattr(lifecycle, "start", fail)
    said = error(slicer.upload(**PRINT), 409)
    assert f"Elm prints it, but run {runs_of(printer)[0]} was perhaps not started: " in said
    assert said.endswith("start it by hand if it is not.")


def test_a_database_that_fails_where_all_was_done_already(
    slicer, printer, known, moonraker, monkeypatch
):
    connect(moonraker, printer)
    update = QuerySet.update

    def fail(rows, **values):
        if rows.model is PrintHost and values.get("busy_until", 1) is None:
            raise InterfaceError("connection already closed")
        return update(rows, **values)

    monkeypatch.setattr(QuerySet, "update", fail)
    assert slicer.upload(**PRINT).status_code == 201
    assert runs_of(printer)[0].status == "in_progress"


def test_another_that_is_being_started_comes_first(slicer, printer, known, moonraker):
    connect(moonraker, printer, busy_until=timezone.now() + timedelta(minutes=1))
    said = error(slicer.upload(**PRINT), 409)
    assert "Planned as " in said
    assert "wait for its end" in said
    assert moonraker.got == []


def test_who_may_not_start_does_not_print(printer, known, moonraker, monkeypatch):
    connect(moonraker, printer)
    rest = roles.PERMISSIONS["operator"] - {"production.start_productionrun"}
    monkeypatch.setitem(roles.PERMISSIONS, "operator", rest)
    said = error(a_slicer(make_user(), printer).upload(**PRINT), 409)
    assert "may not start runs" in said
    assert fresh(runs_of(printer)[0]).status == "planned"
