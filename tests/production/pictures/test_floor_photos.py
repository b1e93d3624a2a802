"""Photos at the floor: of a failure, and of a run; one that is none keeps nobody from the rest."""

import base64
import re
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from production.models import Picture, ProductionRun, Reason, RunPhoto
from production.services import completion, pictures
from tests.factories import (
    a_photo_of,
    a_picture,
    a_printer,
    a_product,
    a_run,
    a_running_run,
    a_sliced_file,
    a_spool,
    an_encoded_picture,
)
from tests.production.floor_helpers import page, page_after, queries, touch
from tests.production.pictures.samples import a_jpeg, opened
from tests.queries import fresh

JSON = {"HTTP_ACCEPT": "application/json"}


def photo(data=None):
    return SimpleUploadedFile("shot.jpg", a_jpeg() if data is None else data, "image/jpeg")


@pytest.fixture
def run(farm):
    spool = a_spool(1000)
    return a_running_run((spool, 100), items=[(a_product(), 2)], printer=a_printer())


def failing(run, **fields):
    figures = {
        "reason": Reason.objects.get(kind="failure", code="nozzle_clog").pk,
        "progress_percent": "50",
    }
    return f"/floor/runs/{run.pk}/fail/", figures | {"idempotency_key": "k"} | fields


def fail(floor, run, **fields):
    address, figures = failing(run, **fields)
    return floor.post(address, figures)  # in parts, as a browser sends a form with a file


def has_failed(run):
    return fresh(run).status == ProductionRun.Status.FAILED


def test_a_failure_has_a_photo(floor, run, operator):
    answer = fail(floor, run, file=photo())
    assert answer.status_code == 303
    row = run.photos.get()
    assert (row.created_by, has_failed(run)) == (operator, True)
    assert opened(Picture.objects.get().content).size == (60, 40)
    shown = page(floor.get(answer["Location"]))
    assert f'src="/api/v1/pictures/{row.picture_id}/thumbnail/"' in shown
    assert f'href="/api/v1/pictures/{row.picture_id}/"' in shown


def test_a_photo_can_be_left_out(floor, run):
    address, figures = failing(run)
    parts = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in figures.items()
    )
    left_out = (
        '--b\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n--b--\r\n'
    )
    answer = floor.generic("POST", address, parts + left_out, "multipart/form-data; boundary=b")
    assert answer.status_code == 303
    assert has_failed(run)
    assert not RunPhoto.objects.exists()


def test_the_script_sends_a_smaller_one_as_a_field(floor, run):
    text = "data:image/jpeg;base64," + base64.b64encode(a_jpeg()).decode()
    address, figures = failing(run, photo=text)
    answer = touch(floor, address, **figures, headers={"Accept": "application/json"})
    assert answer.json()["location"] == f"/floor/runs/{run.pk}/"
    assert run.photos.count() == 1


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"file": photo(b"no picture at all")}, "This is no picture"),
        ({"file": photo(a_jpeg()[:99])}, "damaged"),
        ({"photo": "data:image/jpeg;base64,%%%"}, "This is no picture"),
        ({"photo": "anything"}, "This is no picture"),
        ({"photo": base64.b64encode(a_jpeg()).decode()}, "This is no picture"),
        ({"photo": "data:image/jpeg;base64,"}, "This is no picture"),
        ({"photo": "data:image/jpeg;base64,ä"}, "This is no picture"),
        ({"file": photo(b"")}, "This is no picture"),
        ({"file": photo(b"\0\0\0\x18ftypheic")}, "HEIC is not read"),
    ],
    ids=[
        "text",
        "damaged",
        "no base64",
        "no data",
        "no mark",
        "empty",
        "umlaut",
        "empty file",
        "heic",
    ],
)
def test_what_is_wrong_with_a_photo_is_said_and_the_failure_is_recorded(floor, run, fields, why):
    for file in fields.values():
        if hasattr(file, "seek"):
            file.seek(0)
    answer = fail(floor, run, **fields)
    assert answer.status_code == 303
    assert has_failed(run)
    assert not RunPhoto.objects.exists()
    text = page(floor.get(answer["Location"]))
    assert f"Run {run.number} has failed; what it took is booked as waste." in text
    assert "But it has no photo." in text
    assert why in text


def test_beyond_the_quota_the_failure_is_recorded(floor, run, settings):
    settings.MAX_PICTURE_BYTES = 1
    text = page_after(floor, fail(floor, run, file=photo()))
    assert "The 0 pictures of this farm take 0 of 0 MB" in text
    assert has_failed(run)


def test_nothing_is_lost_where_the_form_is_refused(floor, run):
    """The photo is in the page, as a browser sends no file again."""
    answer = fail(floor, run, file=photo(), reason="")
    assert answer.status_code == 400
    field = re.search(r'<input type="hidden" name="photo" value="([^"]+)">', page(answer, 400))
    assert "The photo that you took is here" in page(answer, 400)
    again = fail(floor, run, photo=field[1], idempotency_key="other")
    assert again.status_code == 303
    assert run.photos.count() == 1
    spool = run.materials.get().spool
    assert spool.remaining_grams == Decimal(950)


def test_a_form_that_is_sent_twice_has_one_effect(floor, run):
    first, second = (fail(floor, run, file=photo()) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert run.photos.count() == 1
    other = fail(floor, run, file=photo(a_jpeg(30, 30)))  # with the same key
    assert other.status_code == 422


def test_a_photo_is_added_to_a_run_later(floor, run):
    address = f"/floor/runs/{run.pk}/photo/"
    answer = floor.post(address, {"file": photo(), "idempotency_key": "p"})
    assert f"Run {run.number} has the photo." in page_after(floor, answer)
    assert run.photos.count() == 1
    for fields, why in (
        ({}, "Take or choose a photo first."),
        ({"file": photo(b"x")}, "no picture"),
    ):
        answer = floor.post(address, {"idempotency_key": f"p{why}".replace(" ", ""), **fields})
        assert why in page_after(floor, answer)
    assert floor.get(address).status_code == 302


def deleting_first(service):
    """The service, of a row that somebody else deletes a moment before."""

    def call(row, **values):
        ProductionRun.objects.filter(pk=row.pk).update(deleted_at=timezone.now())
        return service(row, **values)

    return call


def test_a_run_that_is_deleted_meanwhile_is_missing(floor, run, monkeypatch):
    address = f"/floor/runs/{run.pk}/photo/"
    monkeypatch.setattr(pictures, "add_photo", deleting_first(pictures.add_photo))
    answer = floor.post(address, {"file": photo(), "idempotency_key": "p"})
    assert "It was removed, or belongs to another farm." in page(answer, 404)
    answer = floor.post(address, {"file": photo(), "idempotency_key": "q"})
    assert answer.status_code == 404
    assert not Picture.objects.exists()


def test_any_verb_of_a_run_that_is_deleted_meanwhile_is_missing(floor, run, monkeypatch):
    monkeypatch.setattr(completion, "complete", deleting_first(completion.complete))
    address = f"/floor/runs/{run.pk}/complete-as-planned/"
    answer = touch(floor, address, idempotency_key="c", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (404, "missing")
    assert "removed" in answer.json()["detail"]


def test_a_viewer_sees_photos_and_adds_none(farm_client, viewer, run):
    shot = a_photo_of(run)
    farm_client.force_login(viewer)
    text = page(farm_client.get(f"/floor/runs/{run.pk}/"))
    assert shot.picture_id in text
    assert "Add the photo" not in text
    answer = farm_client.post(f"/floor/runs/{run.pk}/photo/", {"file": photo()})
    assert answer.status_code == 403
    assert run.photos.count() == 1


def test_no_other_form_takes_a_file(floor, run):
    answer = floor.post(f"/floor/runs/{run.pk}/complete/", {"file": photo()})
    assert answer.status_code == 415


# --- What is shown -------------------------------------------------------------------------------


def test_a_card_shows_the_plate_or_the_product(floor):
    shot, plate = an_encoded_picture(), an_encoded_picture()
    product, bare = a_product(), a_product()
    pictures.set_photo(product, photo=shot, by=None)
    sliced = a_sliced_file()
    pictures.keep_plates(sliced, {1: an_encoded_picture(), 2: plate})
    of_product = a_run(items=[(bare, 1), (product, 1)])
    of_file = a_run(items=[(product, 1)])
    ProductionRun.objects.filter(pk=of_file.pk).update(
        sliced_file=sliced, sliced_plates=[2], sliced_seconds=60
    )
    a_run(items=[(bare, 1)])
    queue = page(floor.get("/floor/queue/"))
    assert [queue.count(each.sha256) for each in (shot, plate)] == [1, 1]
    assert queue.count('class="thumb"') == 2
    for run, each in ((of_product, shot), (of_file, plate)):
        assert f"/pictures/{each.sha256}/thumbnail/" in page(floor.get(f"/floor/runs/{run.pk}/"))


def test_pictures_take_no_query_for_each_run(floor):
    def more(count):
        for _ in range(count):
            product = a_product()
            pictures.set_photo(product, photo=an_encoded_picture(), by=None)
            run = a_running_run((a_spool(), 5), printer=a_printer(), items=[(product, 1)])
            a_run(items=[(product, 1)])
            a_photo_of(run)

    more(1)
    few = [queries(floor, path) for path in ("/floor/", "/floor/queue/")]
    more(4)
    assert [queries(floor, path) for path in ("/floor/", "/floor/queue/")] == few
    assert page(floor.get("/floor/")).count('class="thumb"') == 5


def test_a_picture_is_no_part_of_a_page(floor):
    """A hash alone: the page names it, and loads what it names when it is seen."""
    picture = a_picture()
    assert bytes(picture.content) not in floor.get("/floor/").content
