"""Pictures of a farm: kept once each, within the quota, until nothing names them."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from production.models import Picture, PlatePicture, Product, RunPhoto
from production.models.pictures import references
from production.services import pictures
from production.slicing.sliced_file import Plate, SlicerPicture
from tenants.accounts.models import AuditEvent
from tests.factories import (
    a_photo_of,
    a_picture,
    a_product,
    a_run,
    a_sliced_file,
    a_spool,
    an_encoded_picture,
)
from tests.production.pictures.samples import file_of, halves
from tests.queries import fresh

pytestmark = pytest.mark.usefixtures("farm")
LATER = timedelta(days=1, minutes=1)


def test_the_same_picture_is_one_row():
    first, other = a_picture(1), a_picture(2)
    again = a_picture(1)
    assert (again.pk, again.sha256) == (first.pk, first.sha256)
    assert {first.pk, other.pk} == set(Picture.objects.values_list("pk", flat=True))
    assert again.named_at > first.named_at
    count, size = pictures.used()
    assert (count, size) == (2, sum(Picture.objects.values_list("size_bytes", flat=True)))


def test_the_database_takes_no_other_bytes_under_a_hash():
    picture = a_picture()
    for values in ({"content": b"other"}, {"sha256": "0" * 64}, {"thumbnail": bytes(309_000)}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Picture.objects.filter(pk=picture.pk).update(**values)


def test_beyond_the_quota_a_new_one_is_refused_with_the_numbers(settings):
    first = a_picture(1)
    settings.MAX_PICTURE_BYTES = first.size_bytes + 10
    with pytest.raises(pictures.PictureQuotaReached) as refused:
        a_picture(2)
    numbers = {"pictures": 1, "used_bytes": first.size_bytes}
    assert refused.value.numbers == numbers | {"most_bytes": settings.MAX_PICTURE_BYTES}
    assert "SPOOLBOOK" not in refused.value.detail
    assert a_picture(1) == first  # that is here already
    settings.MAX_PICTURE_BYTES = 0
    a_picture(2)


def test_what_nothing_names_makes_room(settings):
    old = a_picture(1)
    Picture.objects.update(named_at=timezone.now() - LATER)
    settings.MAX_PICTURE_BYTES = old.size_bytes + 10
    new = a_picture(2)
    assert list(Picture.objects.all()) == [new]


def test_a_day_after_nothing_names_a_picture_it_is_gone():
    product, sliced = a_product(), a_sliced_file()
    pictures.set_photo(product, photo=an_encoded_picture(1), by=None)
    photo = a_photo_of(a_run((a_spool(), 5)))
    pictures.keep_plates(sliced, {1: an_encoded_picture(2)})
    unused = a_picture(3)
    pictures.forget_unused(timezone.now())
    assert Picture.objects.filter(pk=unused.pk).exists()  # it may be named yet
    pictures.forget_unused(timezone.now() + LATER)
    named = {photo.picture_id, fresh(product).photo_id, PlatePicture.objects.get().picture_id}
    assert set(Picture.objects.values_list("sha256", flat=True)) == named
    assert len(named) == 3


def test_a_product_has_one_photo():
    product = a_product()
    first = pictures.set_photo(product, photo=an_encoded_picture(), by=None).photo_id
    second = pictures.set_photo(product, photo=an_encoded_picture(), by=None).photo_id
    assert first != second == fresh(product).photo_id
    pictures.set_photo(product, photo=None, by=None)
    assert fresh(product).photo_id is None
    lines = AuditEvent.objects.filter(object_type="production.product").order_by("pk")
    changes = [line.changes["photo"] for line in lines]
    assert [[each and each["id"] for each in pair] for pair in changes] == [
        [None, first],
        [first, second],
        [second, None],
    ]


def test_a_run_has_several_photos_each_once():
    run, photo = a_run((a_spool(), 5)), an_encoded_picture()
    first = pictures.add_photo(run, photo=photo, by=None)
    assert pictures.add_photo(run, photo=photo, by=None) == first
    second = a_photo_of(run)
    assert list(run.photos.order_by("pk")) == [first, second]
    pictures.remove_photo(first, by=None)
    assert list(run.photos.all()) == [second]


def test_a_run_has_so_many_photos_at_most(monkeypatch):
    monkeypatch.setattr(pictures, "MOST_OF_A_RUN", 2)
    run = a_run((a_spool(), 5))
    first = an_encoded_picture()
    pictures.add_photo(run, photo=first, by=None)
    a_photo_of(run)
    with pytest.raises(pictures.TooManyPhotos, match=f"Run {run.number} has 2 photos"):
        a_photo_of(run)
    pictures.add_photo(run, photo=first, by=None)


def test_a_picture_that_is_removed_is_gone_from_all_that_show_it():
    photo, run, product = an_encoded_picture(), a_run((a_spool(), 5)), a_product()
    pictures.add_photo(run, photo=photo, by=None)
    pictures.set_photo(product, photo=photo, by=None)
    pictures.remove(Picture.objects.get(), by=None)
    assert not Picture.objects.exists()
    assert not RunPhoto.objects.exists()
    assert Product.objects.get().photo_id is None
    assert AuditEvent.objects.filter(verb="remove", object_type="production.picture").exists()


def test_the_pictures_of_plates_are_kept_as_far_as_they_can_be_read(settings):
    files = [file_of(halves(), "PNG"), b"none", file_of(halves(mode="L"), "PNG"), None]
    plates = [
        Plate(index=index, picture=data and SlicerPicture(0, 0, data))
        for index, data in enumerate(files, start=1)
    ]
    sliced, encoded = a_sliced_file(), pictures.encoded_plates(plates, most=9)
    assert [index for index, each in encoded.items() if each] == [1, 3]
    assert pictures.encoded_plates(plates, most=2) == {1: encoded[1], 2: None}
    pictures.keep_plates(sliced, encoded)
    assert set(sliced.pictures.values_list("plate", flat=True)) == {1, 3}
    settings.MAX_PICTURE_BYTES = 1
    other = a_sliced_file()
    pictures.keep_plates(other, {1: an_encoded_picture(), 2: encoded[1]})
    assert other.pictures.count() <= 1  # no refusal


def test_what_names_a_picture_names_a_row():
    """A reference is found by the hash, whichever table has it."""
    names = {f"{field.model.__name__}.{field.name}" for field in references()}
    assert names >= {"Product.photo", "RunPhoto.picture", "PlatePicture.picture"}
