"""The same sliced file that comes again is the file that is there, by every way in."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from production.models import SlicedFile
from production.services.runs import lifecycle
from production.services.sliced_files import planning
from tests.conftest import FarmAPIClient
from tests.factories import a_material_type, a_printer, a_received_file, a_sliced_file, make_user
from tests.production.sliced_files.test_received import ADDRESS, send
from tests.production.slicing import samples
from tests.responses import done, text_of

COUNT = 4


def receive(text=samples.PRUSA, filename="Hook.gcode", **fields):
    return a_received_file(text, filename, **fields)


@pytest.fixture
def materials(farm):
    a_material_type("PLA"), a_material_type("PETG")


def test_one_with_the_same_content_name_and_printer_is_the_one_that_is_there(farm):
    first, printer = receive(), a_printer()
    assert first.is_new
    again = receive(filename="sliced/Hook.gcode")
    assert (again, again.is_new) == (first, False)
    others = [receive(samples.PRUSA + "\n"), receive(filename="hook.gcode")]
    others.append(receive(printer=printer))
    assert [each.is_new for each in others] == [True] * 3
    assert receive(printer=printer) == others[-1]
    assert SlicedFile.objects.count() == 4


def test_one_whose_printer_was_deleted_is_of_none(farm):
    first, second, third = receive(), *[receive(printer=a_printer()) for _ in range(2)]
    for file in (second, third):
        file.printer.delete()
    assert receive() == third
    assert first.is_new


def test_two_at_once_make_one_file(committed_farm, in_threads):
    results = in_threads(lambda _: receive(), COUNT)
    assert len(set(results)) == SlicedFile.objects.count() == 1
    assert [each.is_new for each in results].count(True) == 1


def test_several_at_once_in_any_order_make_one_of_each(committed_farm, in_threads):
    user, texts = make_user(), [samples.PRUSA, samples.ORCA, samples.PRUSA + "\n"]

    def post(number):
        client = FarmAPIClient(host=f"{committed_farm.slug}.localhost")
        client.force_authenticate(user)
        order = texts if number % 2 else texts[::-1]
        files = [SimpleUploadedFile("Hook.gcode", text.encode()) for text in order]
        answer = client.post(ADDRESS, {"file": files}, format="multipart")
        return [each["sha256"] for each in answer.json()["sliced_files"]], answer.status_code

    results = in_threads(post, COUNT)
    assert sorted(status for _hashes, status in results) == [200] * (COUNT - 1) + [201]
    hashes = [found if number % 2 else found[::-1] for number, (found, _) in enumerate(results)]
    assert hashes == [hashes[0]] * COUNT
    assert SlicedFile.objects.count() == 3


def test_the_api_says_so_and_shows_its_runs(api, materials):
    first = done(send(api, samples.PRUSA), 201)
    assert first["runs"] == []
    assert done(send(api, samples.PRUSA), 200) == first
    run = done(api.post(f"{ADDRESS}{first['id']}/plan/", {}, format="json"), 201)["runs"][0]
    planned = {"run": run["id"], "number": run["number"], "status": "planned"}
    again = done(send(api, samples.PRUSA), 200)
    assert (again["id"], again["runs"]) == (first["id"], [planned])
    assert done(api.get(f"{ADDRESS}{first['id']}/"))["runs"] == [planned]
    files = [
        SimpleUploadedFile("Hook.gcode", text.encode()) for text in (samples.PRUSA, samples.ORCA)
    ]
    several = done(api.post(ADDRESS, {"file": files}, format="multipart"), 201)["sliced_files"]
    assert [each["id"] == first["id"] for each in several] == [True, False]
    for file in files:
        file.seek(0)
    again = done(api.post(ADDRESS, {"file": files}, format="multipart"), 200)["sliced_files"]
    assert [each["id"] for each in again] == [each["id"] for each in several]


def drop(client, address):
    file = SimpleUploadedFile("Hook.gcode", samples.PRUSA.encode())
    return client.post(address, {"file": file}, follow=True)


@pytest.mark.parametrize("address", ["/floor/sliced-files/", "/admin/production/slicedfile/add/"])
def test_pages_lead_to_it_and_to_its_runs(farm_client, materials, address):
    farm_client.force_login(make_user(role="manager"))
    assert "was read before" not in text_of(drop(farm_client, address))
    file = SlicedFile.objects.get()
    assert "Hook.gcode was read before, on " in text_of(drop(farm_client, address))
    [run] = planning.plan(file, by=None)
    answer = drop(farm_client, address)
    assert str(file.pk) in answer.request["PATH_INFO"]
    assert run.number in text_of(answer)
    assert SlicedFile.objects.get() == file


def test_one_whose_run_was_deleted_is_not_planned(api, farm_client, materials):
    deleted, cancelled, planned = (a_sliced_file(f"{name}.gcode") for name in "abc")
    runs = [planning.plan(file, by=None)[0] for file in (deleted, cancelled, planned)]
    lifecycle.delete(runs[0], by=None)
    lifecycle.cancel(runs[1], by=None)
    planning.plan(planned, by=None)
    assert list(SlicedFile.objects.not_planned()) == [deleted]
    assert list(SlicedFile.objects.planned()) == [planned, cancelled]
    for value, count in (("true", 2), ("false", 1)):
        assert done(api.get(f"{ADDRESS}?is_planned={value}"))["total_count"] == count
    farm_client.force_login(make_user(role="manager"))
    page = text_of(farm_client.get("/floor/sliced-files/"))
    assert ["a.gcode" in page, "b.gcode" in page] == [True, False]
    page = text_of(farm_client.get("/admin/production/slicedfile/?planned=no"))
    assert ["a.gcode" in page, "b.gcode" in page] == [True, False]
    page = text_of(farm_client.get("/admin/production/slicedfile/?planned=yes"))
    assert ["a.gcode" in page, "b.gcode" in page] == [False, True]
