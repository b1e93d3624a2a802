"""``manage.py plan_files``: runs planned by the sliced files in a folder."""

import os
import re
import signal
import threading
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django_tenants.utils import schema_context

from production.management.commands import plan_files
from production.models import ProductionRun, SlicedFile
from production.services.sliced_files import receiving
from production.services.sliced_files.folders import Folder
from tenants.operations.refusals import Busy
from tests.factories import a_material_type, a_printer, make_user
from tests.production.slicing import samples

DOUBTFUL = samples.PRUSA.replace("73.27, 0.00", "nan, 0.00")


@pytest.fixture
def planner(farm):
    a_material_type("PLA"), a_material_type("PETG")
    return make_user(username="otto", name="Otto")


def plan(farm, folder, *flags, by="otto"):
    """The lines that are printed, without their times."""
    out = StringIO()
    arguments = [farm.slug, str(folder), "--by", by, "--seconds=0", *flags]
    with schema_context("public"):
        call_command("plan_files", *arguments, stdout=out, stderr=out)
    return [re.sub(r"^[\d-]+ [\d:]+ ", "", line) for line in out.getvalue().splitlines()]


@pytest.fixture
def steps(monkeypatch):
    """What happens between looks at the folder; after the last of them the command is stopped."""
    to_do = []

    def wait(event, seconds):
        if event.is_set() or not to_do:
            return True
        to_do.pop(0)()
        return False

    monkeypatch.setattr(plan_files, "wait", wait)
    return to_do


def test_what_is_in_the_folder_is_planned_once_and_stays_there(farm, planner, tmp_path):
    printer = a_printer("XL", manufacturer="Prusa", model="XL5IS")
    (tmp_path / "Hook.gcode").write_text(samples.PRUSA)
    (tmp_path / "Again.GCODE").write_text(samples.PRUSA)
    (tmp_path / "notes.txt").write_text("not ours")
    (tmp_path / ".hidden.gcode").write_text(samples.PRUSA)
    (tmp_path / "folder.gcode").mkdir()
    before = sorted(each.name for each in tmp_path.iterdir())
    lines = plan(farm, tmp_path, "--once")
    run = ProductionRun.objects.get()
    assert lines[0] == f"Again.GCODE: planned: {run}"
    assert lines[1].startswith("Hook.gcode: left out: read before, on 20")
    assert (run.printer, run.created_by, len(lines)) == (printer, planner, 2)
    assert [line[:30] for line in plan(farm, tmp_path, "--once")] == [
        "Again.GCODE: left out: read be",
        "Hook.gcode: left out: read bef",
    ]
    assert sorted(each.name for each in tmp_path.iterdir()) == before
    assert (tmp_path / "Hook.gcode").read_text() == samples.PRUSA


def test_one_that_can_not_be_read_or_is_doubtful_stops_no_other(farm, planner, tmp_path):
    (tmp_path / "a.gcode").write_text("hello")
    (tmp_path / "b.gcode").write_text(DOUBTFUL)
    (tmp_path / "c.gcode").write_text(samples.PRUSA)
    (tmp_path / "d.gcode").symlink_to(tmp_path / "nowhere")
    first, second, third = plan(farm, tmp_path, "--once")
    assert first.startswith("a.gcode: not read: This is not a file of a known slicer.")
    assert second.startswith("b.gcode: read, not planned: Plate 1: ")
    assert third.startswith("c.gcode: planned: ")
    assert sorted(SlicedFile.objects.values_list("filename", flat=True)) == ["b.gcode", "c.gcode"]


def test_a_file_that_grows_is_waited_for(farm, planner, tmp_path, steps):
    path, half = tmp_path / "Hook.gcode", len(samples.PRUSA) // 2
    path.write_text(samples.PRUSA[:half])

    steps += [lambda: path.write_text(samples.PRUSA), lambda: None]
    [line] = plan(farm, tmp_path)
    assert line.startswith("Hook.gcode: planned: ")
    path.write_text(samples.PRUSA[:half])
    steps.append(lambda: path.write_text(samples.PRUSA))
    assert plan(farm, tmp_path, "--once") == [
        "Hook.gcode: left, as it is being written: run this again"
    ]


def test_a_file_that_changes_while_it_is_read_is_read_again(farm, planner, tmp_path, monkeypatch):
    path = tmp_path / "Hook.gcode"
    path.write_text(samples.PRUSA)
    measured = receiving.measured

    def measure(stream):
        found = measured(stream)
        os.utime(path, ns=(1, 1))
        return found

    monkeypatch.setattr(receiving, "measured", measure)
    assert plan(farm, tmp_path, "--once") == [
        "Hook.gcode: left, as it is being written: run this again"
    ]
    assert not SlicedFile.objects.exists()


def test_one_that_can_not_be_opened_is_named_once_until_it_changes(
    farm, planner, tmp_path, steps, monkeypatch
):
    path, measured = tmp_path / "Hook.gcode", receiving.measured
    path.write_text(samples.PRUSA)
    before, problems = path.stat(), [PermissionError(13, "Permission denied")]

    def measure(stream):
        if problems:
            raise problems[0]
        return measured(stream)

    def fail_otherwise():
        problems[:] = [OSError(5, "Input/output error")]

    monkeypatch.setattr(receiving, "measured", measure)
    steps += [lambda: None] * 4 + [fail_otherwise, lambda: None, lambda: path.touch()]
    steps += [lambda: None] * 3 + [problems.clear, lambda: None]
    lines = plan(farm, tmp_path)
    assert lines[:3] == [
        "Hook.gcode: can't be read: Permission denied",
        "Hook.gcode: can't be read: Input/output error",
        "Hook.gcode: can't be read: Input/output error",
    ]
    assert [line[:20] for line in lines[3:]] == ["Hook.gcode: planned:"]
    assert path.read_text() == samples.PRUSA
    assert path.stat().st_ino == before.st_ino


def test_one_that_can_not_be_opened_is_not_being_written(farm, planner, tmp_path, monkeypatch):
    (tmp_path / "Hook.gcode").write_text(samples.PRUSA)

    def fail(stream):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(receiving, "measured", fail)
    assert plan(farm, tmp_path, "--once") == ["Hook.gcode: can't be read: Permission denied"]


def test_one_that_others_are_in_the_way_of_is_tried_again(
    farm, planner, tmp_path, steps, monkeypatch
):
    (tmp_path / "Hook.gcode").write_text(samples.PRUSA)
    receive, refusals = receiving.receive, [Busy(), Busy()]

    def fail(*args, **how):
        if refusals:
            raise refusals.pop()
        return receive(*args, **how)

    monkeypatch.setattr(receiving, "receive", fail)
    steps += [lambda: None] * 4
    first, second = plan(farm, tmp_path)
    assert first.startswith("Hook.gcode: can't be read: Others are changing the same rows")
    assert second.startswith("Hook.gcode: planned: ")


def test_new_files_are_taken_as_they_come_and_changed_ones_again(farm, planner, tmp_path, steps):
    path = tmp_path / "Hook.gcode"
    other = samples.PRUSA.replace("= 73.27", "= 70.00").replace("74.47", "71.20")
    steps += [lambda: path.write_text(samples.PRUSA), lambda: None, lambda: None]
    steps += [lambda: path.write_text(other + "\n"), lambda: None, lambda: None]
    lines = plan(farm, tmp_path)
    assert [line.partition(": ")[2][:7] for line in lines] == ["planned", "planned"]


def test_a_signal_ends_it_after_the_file_that_is_under_way(farm, planner, tmp_path, monkeypatch):
    for name in "ab":
        (tmp_path / f"{name}.gcode").write_text(samples.PRUSA)
    measured = receiving.measured

    def measure(stream):
        os.kill(os.getpid(), signal.SIGTERM)
        return measured(stream)

    monkeypatch.setattr(receiving, "measured", measure)
    before = signal.getsignal(signal.SIGTERM)
    lines = plan(farm, tmp_path)
    assert [line[:17] for line in lines] == ["a.gcode: planned:", "Stopped."]
    assert signal.getsignal(signal.SIGTERM) is before


def test_it_waits_for_a_folder_and_a_database_that_do_not_answer(
    farm, planner, tmp_path, steps, monkeypatch
):
    folder = tmp_path / "share"
    folder.mkdir()
    look, failures = Folder.look, [OperationalError("gone")]

    def fail(self):
        if failures:
            raise failures.pop()
        return look(self)

    def put():
        folder.mkdir()
        (folder / "Hook.gcode").write_text(samples.PRUSA)

    steps += [lambda: monkeypatch.setattr(Folder, "look", fail), folder.rmdir]
    steps += [lambda: None] * 3 + [put, lambda: None]
    lines = plan(farm, folder)
    assert lines[0].startswith("The database does not answer: gone")
    assert lines[1].endswith("share can't be read: No such file or directory.")
    assert lines[2].startswith("Hook.gcode: planned: ")
    assert len(lines) == 3


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"by": "nobody"}, "has no user 'nobody'"),
        ({"by": "vera"}, "'vera' may not plan runs by sliced files"),
        ({"folder": "/nowhere"}, "There is no folder /nowhere."),
    ],
)
def test_what_can_not_be_is_said(farm, planner, tmp_path, change, sentence):
    make_user(username="vera", role="viewer")
    with pytest.raises(CommandError, match=re.escape(sentence)):
        plan(farm, **{"folder": tmp_path, **change})


def test_the_next_look_is_not_before_its_time():
    stop = threading.Event()
    assert not plan_files.wait(stop, 0)
    stop.set()
    assert plan_files.wait(stop, 1000)
