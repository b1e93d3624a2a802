"""The slicer's pictures of plates: kept with the file whichever way it comes, and shown."""

from io import BytesIO, StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django_tenants.utils import schema_context

from production.models import Picture, PlatePicture, ProductionRun, SlicedFile
from production.services import pictures
from production.services.sliced_files import planning, receiving
from tenants.operations.refusals import Busy
from tests.factories import (
    a_material_type,
    a_received_file,
    a_sliced_file,
    an_encoded_picture,
    make_user,
)
from tests.production.floor_helpers import page, queries, touch
from tests.production.pictures.samples import file_of, halves, opened
from tests.production.print_hosts.slicers import a_slicer
from tests.production.slicing import samples
from tests.responses import done, results

API, FLOOR = "/api/v1/sliced-files/", "/floor/sliced-files/"
ADMIN = "/admin/production/slicedfile/"
NAMED = {"Content-Disposition": 'attachment; filename="Hook.gcode"'}


def pictured(width=90, height=60, data=None):
    """G-code with a picture of that size, or with these bytes for one."""
    data = file_of(halves(width, height), "PNG") if data is None else data
    return samples.PRUSA.replace(samples.thumbnail(300, 200), samples.thumbnail(300, 200, data))


def a_project(*sizes):
    """A sliced project with pictures of these sizes of its two plates."""
    shots = {
        f"Metadata/plate_{number}.png": file_of(halves(*size), "PNG")
        for number, size in enumerate(sizes, start=1)
    }
    return samples.project(1, 2, more=shots)


def as_body(api, text):
    api.generic("POST", API, text.encode(), "application/octet-stream", headers=NAMED)


def upload(text, name="Hook.gcode"):
    return SimpleUploadedFile(name, text.encode())


def in_form(api, text):
    files = [upload(text), upload(text, "Other.gcode")]
    api.post(API, {"file": files}, format="multipart")


def at_the_floor(client, text):
    client.post(FLOOR, {"file": [upload(text)]})


def in_the_admin(client, text):
    client.post(f"{ADMIN}add/", {"file": [upload(text), upload(text, "Other.gcode")]})


@pytest.fixture
def ways(farm, api, farm_client, operator, tmp_path):
    """How a file comes, by name: functions of its text."""
    farm_client.force_login(make_user(role="manager", username="mara"))

    def by_folder(text):
        (tmp_path / "Hook.gcode").write_text(text)
        with schema_context("public"):
            arguments = [farm.slug, str(tmp_path), "--by", "mara", "--once", "--seconds=0"]
            call_command("plan_files", *arguments, stdout=StringIO(), stderr=StringIO())

    return {
        "a body": lambda text: as_body(api, text),
        "a form": lambda text: in_form(api, text),
        "the floor": lambda text: at_the_floor(farm_client, text),
        "the admin": lambda text: in_the_admin(farm_client, text),
        "the slicer": lambda text: a_slicer(operator).upload(text.encode()),
        "a folder": by_folder,
    }


WAYS = ["a body", "a form", "the floor", "the admin", "the slicer", "a folder"]


@pytest.mark.parametrize("way", WAYS)
def test_a_picture_is_kept_whichever_way_a_file_comes(ways, way, monkeypatch):
    """It is encoded before a transaction has begun."""
    outside, encode, depths = len(connection.savepoint_ids), pictures.encode, []

    def note(*args):
        depths.append(len(connection.savepoint_ids) - outside)
        return encode(*args)

    monkeypatch.setattr(pictures, "encode", note)
    ways[way](pictured())
    count = 2 if way in ("a form", "the admin") else 1
    assert SlicedFile.objects.count() == count
    assert depths == [0] * count
    shots = PlatePicture.objects.select_related("picture")
    assert [(each.plate, each.picture.width) for each in shots] == [(1, 90)] * count
    assert Picture.objects.count() == 1


@pytest.mark.parametrize("way", WAYS)
def test_a_file_without_a_picture_that_can_be_read_comes_as_well(ways, way):
    ways[way](pictured(data=b"no picture"))
    assert SlicedFile.objects.exists()
    assert not Picture.objects.exists()


def test_the_api_has_the_address_of_each_plates_picture(api):
    headers = {"Content-Disposition": 'attachment; filename="Hook.gcode.3mf"'}
    data, kind = a_project((90, 60)), "application/octet-stream"
    answer = done(api.generic("POST", API, data, kind, headers=headers), 201)
    first, second = (plate["picture"] for plate in answer["plates"])
    assert opened(api.get(first).content).size == (90, 60)
    assert opened(api.get(f"{first}thumbnail/").content).size == (90, 60)
    assert opened(api.get(second).content).size == (1, 1)  # that of the sample
    address = f"{API}{answer['id']}/"
    assert done(api.get(address))["plates"] == answer["plates"]
    [row] = results(api.get(API))
    assert row["plates"] == answer["plates"]
    PlatePicture.objects.filter(plate=2).delete()
    assert done(api.get(address))["plates"][1]["picture"] is None
    pictures.remove(Picture.objects.get(width=90), by=None)
    assert [plate["picture"] for plate in done(api.get(address))["plates"]] == [None, None]


def test_several_files_have_their_own_pictures(api):
    files = [upload(pictured(width), f"{width}.gcode") for width in (40, 50)]
    answer = done(api.post(API, {"file": files}, format="multipart"), 201)
    found = [file["plates"][0]["picture"] for file in answer["sliced_files"]]
    assert [opened(api.get(each).content).width for each in found] == [40, 50]


def test_a_key_has_its_effect_once(api):
    headers = NAMED | {"Idempotency-Key": "file-1"}
    data, kind = pictured().encode(), "application/octet-stream"
    first, again = (api.generic("POST", API, data, kind, headers=headers) for _ in range(2))
    assert first.json() == again.json()
    assert PlatePicture.objects.count() == 1


@pytest.mark.usefixtures("farm")
def test_the_same_picture_is_kept_once():
    rows = [a_received_file(pictured(), name) for name in ("a.gcode", "b.gcode")]
    assert Picture.objects.count() == 1
    assert [row.pictures.count() for row in rows] == [1, 1]


@pytest.mark.usefixtures("farm")
def test_beyond_the_quota_or_where_the_server_is_busy_a_file_goes_without(settings, monkeypatch):
    settings.MAX_PICTURE_BYTES = 1
    assert not a_received_file(pictured()).pictures.exists()
    settings.MAX_PICTURE_BYTES = 0
    tries = []

    def encode(*args):
        tries.append(args)
        raise Busy

    monkeypatch.setattr(pictures, "encode", encode)
    assert not a_received_file(a_project((9, 9), (9, 9))).pictures.exists()
    assert len(tries) == 1  # who waits for one does not wait for each


def test_so_many_pictures_are_encoded_for_a_request(api, farm_client, manager, monkeypatch):
    monkeypatch.setattr(receiving, "MOST_PICTURES", 2)

    def files(kind):
        return [upload(pictured(width), f"{kind}-{width}.gcode") for width in (40, 50, 60)]

    api.post(API, {"file": files("a")}, format="multipart")
    assert sorted(Picture.objects.values_list("width", flat=True)) == [40, 50]
    Picture.objects.all().delete()
    farm_client.force_login(manager)
    farm_client.post(f"{ADMIN}add/", {"file": files("b")})
    assert sorted(Picture.objects.values_list("width", flat=True)) == [40, 50]
    assert SlicedFile.objects.count() == 6


def test_a_file_that_is_removed_takes_its_plates_along_and_may_come_again(api):
    address = done(api.get(f"{API}{a_received_file(pictured()).pk}/"))["plates"][0]["picture"]
    assert api.delete(f"{API}{SlicedFile.objects.get().pk}/").status_code == 204
    assert not PlatePicture.objects.exists()
    assert api.get(address).status_code == 200  # until the worker has looked
    as_body(api, pictured())
    assert PlatePicture.objects.get().picture_id in address


@pytest.mark.usefixtures("farm")
def test_a_file_that_is_removed_while_it_comes_again_is_sent_again():
    row = a_received_file(pictured())
    read = receiving.read_file(BytesIO(pictured().encode()), filename="Hook.gcode")
    assert read.known == row
    row.delete()
    with pytest.raises(Busy, match="removed at this very moment: send it again"):
        receiving.receive(read, by=None)


# --- Where it is shown ---------------------------------------------------------------------------


def address_of(shot):
    return f"/api/v1/pictures/{shot.picture_id}/"


@pytest.fixture
def file(farm):
    """A file of two plates with a picture each."""
    a_material_type("PLA"), a_material_type("PETG")
    return a_received_file(a_project((90, 60), (60, 90)), "Hook.gcode.3mf")


@pytest.fixture
def shots(file):
    return list(file.pictures.order_by("plate"))


def test_the_floor_shows_them_in_its_list_and_on_the_page_of_a_file(floor, file, shots):
    first, second = map(address_of, shots)
    text = page(floor.get(FLOOR))
    assert f'class="thumb" src="{first}thumbnail/"' in text
    assert second not in text
    text = page(floor.get(f"{FLOOR}{file.pk}/"))
    for address, alt in ((first, "Picture of plate 1"), (second, "Picture of plate 2")):
        assert f'href="{address}"><img src="{address}thumbnail/" alt="{alt}"' in text


def test_a_refused_form_still_shows_them(floor, file, shots):
    answer = touch(floor, f"{FLOOR}{file.pk}/", copies="x", idempotency_key="k")
    assert address_of(shots[0]) in page(answer, 400)


def test_the_admin_shows_them_on_the_page_of_a_file(farm_client, manager, file, shots):
    farm_client.force_login(manager)
    text = page(farm_client.get(f"{ADMIN}{file.pk}/change/"))
    assert all(f'src="{address_of(shot)}thumbnail/"' in text for shot in shots)


def test_pages_of_a_run_show_the_plates_that_it_prints(floor, farm_client, manager, file, shots):
    _first, run = planning.plan(file, by=None)
    assert run.sliced_plates == [2]
    text = page(floor.get(f"/floor/runs/{run.pk}/"))
    assert f'href="{address_of(shots[1])}"' in text
    assert address_of(shots[0]) not in text
    farm_client.force_login(manager)
    text = page(farm_client.get(f"/admin/production/productionrun/{run.pk}/change/"))
    assert "As sliced" in text
    assert f'src="{address_of(shots[1])}thumbnail/"' in text
    assert address_of(shots[0]) not in text


def test_a_run_of_several_plates_shows_all_of_them(floor, file, shots):
    [run] = planning.plan(file, by=None, is_one_run=True)
    text = page(floor.get(f"/floor/runs/{run.pk}/"))
    assert all(f'href="{address_of(shot)}"' in text for shot in shots)
    assert f'class="thumb" src="{address_of(shots[0])}thumbnail/"' in page(
        floor.get("/floor/queue/")
    )


def test_a_run_without_a_file_shows_none(floor, farm_client, manager, file):
    [run] = planning.plan(file, by=None, is_one_run=True)
    cleared = {"sliced_file": None, "sliced_plates": None, "sliced_seconds": None}
    ProductionRun.objects.filter(pk=run.pk).update(**cleared)
    assert "As sliced" not in page(floor.get(f"/floor/runs/{run.pk}/"))


def test_lists_of_files_take_no_query_for_each_picture(floor, api):
    def more(count):
        for _ in range(count):
            pictures.keep_plates(a_sliced_file(), {1: an_encoded_picture()})

    def taken():
        return queries(floor, FLOOR), queries(api, API)

    more(1)
    few = taken()
    more(5)
    assert taken() == few
    assert page(floor.get(FLOOR)).count('class="thumb"') == 6
