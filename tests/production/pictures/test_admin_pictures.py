"""Pictures in the admin and on paper."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from production.models import Picture, ProductionRun, RunPhoto
from production.services import pictures
from tests import pdf
from tests.factories import (
    a_photo_of,
    a_picture,
    a_product,
    a_run,
    a_running_run,
    a_sliced_file,
    a_spool,
    an_encoded_picture,
)
from tests.production.floor_helpers import page
from tests.production.pictures.samples import a_jpeg
from tests.production.test_traveller import on_paper
from tests.queries import fresh

LIST = "/admin/production/picture/"


def of_product(product, verb="change"):
    return f"/admin/production/product/{product.pk}/{verb}/"


@pytest.mark.parametrize("data", [a_jpeg(), b"no picture"], ids=["a photo", "none"])
def test_a_product_is_given_a_photo_on_its_page(as_manager, data):
    product = a_product(name="Clip")
    file = SimpleUploadedFile("shot.jpg", data, "image/jpeg")
    text = page(as_manager.post(of_product(product, "photo"), {"file": file}, follow=True))
    if data == b"no picture":
        assert "This is no picture: send JPEG, PNG, WebP or QOI." in text
        assert fresh(product).photo_id is None
    else:
        assert f'src="/api/v1/pictures/{fresh(product).photo_id}/thumbnail/"' in text


def test_the_photo_of_a_product_is_taken_away(as_manager):
    product = a_product()
    pictures.set_photo(product, photo=an_encoded_picture(), by=None)
    assert "Remove it" in page(as_manager.get(of_product(product)))
    as_manager.post(of_product(product, "photo"), {"remove": "1"})
    assert fresh(product).photo_id is None
    text = page(as_manager.post(of_product(product, "photo"), follow=True))
    assert "Choose a photo first." in text


def test_a_product_that_is_removed_meanwhile_is_missing(as_manager, monkeypatch):
    product, set_photo = a_product(), pictures.set_photo

    def removing_first(row, **values):
        row.__class__.objects.filter(pk=row.pk).delete()
        return set_photo(row, **values)

    monkeypatch.setattr(pictures, "set_photo", removing_first)
    file = SimpleUploadedFile("shot.jpg", a_jpeg(), "image/jpeg")
    assert as_manager.post(of_product(product, "photo"), {"file": file}).status_code == 404


def test_managers_delete_pictures_and_see_how_many_use_them(as_manager):
    run, unused = a_run((a_spool(), 5)), a_picture()
    photo = a_photo_of(run)
    text = page(as_manager.get(LIST))
    assert text.count(">once<") == text.count("not any more") == 1
    used = Picture.objects.get(sha256=photo.picture_id)
    assert page(as_manager.get(f"{LIST}{used.pk}/change/")).count(used.sha256) >= 2
    as_manager.post(f"{LIST}{used.pk}/delete/", {"post": "yes"})
    form = {"action": "delete_selected", "_selected_action": [unused.pk], "post": "yes"}
    as_manager.post(LIST, form)
    assert not Picture.objects.exists()
    assert not RunPhoto.objects.exists()


def test_a_list_of_pictures_does_not_read_them(as_manager, django_assert_max_num_queries):
    for _ in range(5):
        a_picture()
    page(as_manager.get(LIST))
    with django_assert_max_num_queries(12) as captured:
        page(as_manager.get(LIST))
    assert not [each for each in captured.captured_queries if '"content"' in each["sql"]]


def test_the_page_of_a_run_shows_its_photos(as_manager):
    photo = a_photo_of(a_running_run((a_spool(), 5)))
    text = page(as_manager.get(f"/admin/production/productionrun/{photo.run_id}/change/"))
    assert f'src="/api/v1/pictures/{photo.picture_id}/thumbnail/"' in text


@pytest.mark.usefixtures("farm")
def test_a_traveller_shows_what_is_printed():
    product, sliced = a_product(), a_sliced_file()
    bare = on_paper(a_run(items=[(product, 1)]))
    pictures.set_photo(product, photo=an_encoded_picture(), by=None)
    pictures.keep_plates(sliced, {1: an_encoded_picture()})
    of_file = a_run(items=[(product, 1)])
    ProductionRun.objects.filter(pk=of_file.pk).update(
        sliced_file=sliced, sliced_plates=[1], sliced_seconds=9
    )
    runs = [of_file, a_run(items=[(product, 1)]), a_run(items=[(product, 1)])]
    shown = on_paper(*runs)
    assert (bare.count(b"/Subtype /Image"), shown.count(b"/Subtype /Image")) == (0, 2)
    for run, text in zip(runs, pdf.texts(shown), strict=True):
        assert run.number in text
