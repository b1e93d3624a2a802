"""Pictures over the API: sent as a body or in a form, served by their hash to their farm alone."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django_tenants.utils import tenant_context

from production.models import Picture, RunPhoto
from production.services import pictures
from tenants.accounts import devices, pins
from tests.conftest import FarmAPIClient, FarmClient, browser_of
from tests.factories import (
    a_photo_of,
    a_picture,
    a_product,
    a_run,
    a_spool,
    make_token,
)
from tests.production.floor_helpers import touch
from tests.production.pictures.samples import a_jpeg, file_of, halves, noise, opened
from tests.responses import done, refused, results

IMMUTABLE = "private, max-age=31536000, immutable"
STRICT = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"


def sent(client, address, data, kind="image/jpeg", **headers):
    return client.generic("POST", address, data, content_type=kind, **headers)


def in_form(client, address, data, name="photo.jpg", **headers):
    files = {"file": SimpleUploadedFile(name, data, "image/jpeg")}
    return client.post(address, files, format="multipart", **headers)


@pytest.fixture
def picture(farm):
    return a_picture()


@pytest.fixture
def address(picture):
    return f"/api/v1/pictures/{picture.sha256}/"


@pytest.mark.parametrize("send", [sent, in_form])
def test_a_product_is_given_a_photo_and_loses_it(api, send):
    product = a_product()
    photo = f"/api/v1/products/{product.pk}/photo/"
    answer = done(send(api, photo, a_jpeg()))
    picture = Picture.objects.get()
    assert answer["photo"] == f"/api/v1/pictures/{picture.sha256}/"
    assert answer["thumbnail"] == f"{answer['photo']}thumbnail/"
    assert done(api.get(f"/api/v1/products/{product.pk}/"))["photo"] == answer["photo"]
    assert opened(api.get(answer["photo"]).content).size == (60, 40)
    assert api.delete(photo).status_code == 204
    assert done(api.get(f"/api/v1/products/{product.pk}/"))["photo"] is None


def test_a_product_is_not_given_a_picture_by_its_address(api):
    product, address = a_product(), "/api/v1/pictures/0/"
    body = {"photo": address}
    refused(api.patch(f"/api/v1/products/{product.pk}/", body), 400, "invalid")


@pytest.mark.parametrize("send", [sent, in_form])
def test_a_run_is_given_photos(api, manager, send):
    photos = f"/api/v1/production-runs/{a_run((a_spool(), 5)).pk}/photos/"
    answer = send(api, photos, a_jpeg())
    row = done(answer, 201)
    assert answer["Location"].endswith(f"{photos}{row['id']}/")
    assert (row["width"], row["height"]) == (60, 40)
    assert row["created_by_username"] == manager.username
    assert results(api.get(photos)) == [row]
    assert done(send(api, photos, a_jpeg()), 201)["id"] == row["id"]  # it is the same
    assert opened(api.get(row["thumbnail"]).content).size == (60, 40)
    assert api.delete(f"{photos}{row['id']}/").status_code == 204
    assert not RunPhoto.objects.exists()


def test_a_key_has_its_effect_once(api):
    photos = f"/api/v1/production-runs/{a_run((a_spool(), 5)).pk}/photos/"
    key = {"HTTP_IDEMPOTENCY_KEY": "shot-1"}
    first = sent(api, photos, a_jpeg(), **key)
    RunPhoto.objects.all().delete()
    assert sent(api, photos, a_jpeg(), **key).json() == first.json()
    other = sent(api, photos, file_of(noise(9, 9)), **key)
    refused(other, 422, "idempotency_key_reused")
    assert not RunPhoto.objects.exists()


def test_a_photo_of_a_phone_is_not_too_long(api):
    """Longer than other bodies may be."""
    data = a_jpeg() + bytes(9_000_000)
    product = a_product()
    done(sent(api, f"/api/v1/products/{product.pk}/photo/", data))
    other = sent(api, "/api/v1/products/", data, "application/json")
    refused(other, 413, "too_large")


@pytest.mark.parametrize(
    ("data", "kind", "code"),
    [
        (b"", "image/jpeg", "no_file"),
        (b"no picture", "image/jpeg", "unknown_picture_format"),
        (b"{}", "application/octet-stream", "unknown_picture_format"),
        (a_jpeg()[:200], "image/jpeg", "damaged_picture"),
        (b"--b--\r\n", "multipart/form-data; boundary=b", "no_file"),
        (b"--", "multipart/form-data", "unreadable_form"),
    ],
    ids=["nothing", "text", "json", "damaged", "empty form", "broken form"],
)
def test_what_is_no_picture_is_refused_and_nothing_changes(api, data, kind, code):
    product, run = a_product(), a_run((a_spool(), 5))
    for address in (f"products/{product.pk}/photo/", f"production-runs/{run.pk}/photos/"):
        refused(sent(api, f"/api/v1/{address}", data, kind), 400, code)
    assert not Picture.objects.exists()


def test_what_is_sent_as_something_else_is_415(api):
    answer = sent(api, f"/api/v1/products/{a_product().pk}/photo/", b"{}", "application/json")
    problem = refused(answer, 415, "unsupported_media_type")
    assert problem["accepted"] == ["image/*", "application/octet-stream", "multipart/form-data"]


def test_beyond_the_quota_it_is_refused_with_the_numbers(api, settings):
    settings.MAX_PICTURE_BYTES = 1
    answer = sent(api, f"/api/v1/products/{a_product().pk}/photo/", a_jpeg())
    problem = refused(answer, 409, "picture_quota_reached")
    assert (problem["pictures"], problem["used_bytes"], problem["most_bytes"]) == (0, 0, 1)


def test_a_photo_of_what_is_not_there_is_404(api):
    for address in ("products/999/photo/", "production-runs/999/photos/"):
        refused(sent(api, f"/api/v1/{address}", a_jpeg()), 404, "not_found")


# --- Reading -------------------------------------------------------------------------------------


def test_a_picture_is_for_ever_and_nothing_else_than_a_picture(api, address, picture):
    for path, column in ((address, "content"), (f"{address}thumbnail/", "thumbnail")):
        answer = api.get(path, HTTP_ACCEPT="image/avif,image/webp,image/*,*/*;q=0.8")
        assert answer.status_code == 200
        assert answer.content == bytes(getattr(picture, column))
        assert answer["Content-Type"] == "image/webp"
        assert answer["Cache-Control"] == IMMUTABLE
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == STRICT
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
        again = api.get(path, HTTP_IF_NONE_MATCH=answer["ETag"])
        assert (again.status_code, again.content) == (304, b"")
        assert again["Cache-Control"] == IMMUTABLE
        assert api.get(path, HTTP_ACCEPT="image/webp").status_code == 200
        assert api.head(path).status_code == 200
    assert api.get(address)["ETag"] != api.get(f"{address}thumbnail/")["ETag"]


def test_an_unknown_hash_is_404_whatever_it_was_cached_as(api, address, picture):
    pictures.remove(picture, by=None)
    etag = f'"{picture.sha256}"'
    refused(api.get(address, HTTP_IF_NONE_MATCH=etag), 404, "not_found")
    for other in ("0" * 64, "0", picture.sha256.upper(), f"{picture.sha256}0"):
        assert api.get(f"/api/v1/pictures/{other}/").status_code == 404


def test_another_farm_does_not_have_it(api, stranger, address, other_farm):
    with tenant_context(other_farm):
        client = browser_of(other_farm, stranger)
    for path in (address, f"{address}thumbnail/"):
        assert api.get(path).status_code == 200
        assert client.get(path).status_code == 404


def test_nobody_without_a_sign_in_sees_it(farm_client, api_client, address):
    assert farm_client.get(address).status_code == 401
    assert api_client.get(address).status_code == 401


@pytest.mark.parametrize(
    ("scope", "status"), [("read", 200), ("floor", 200), ("printer", 403), ("printer_read", 403)]
)
def test_a_token_reads_it_by_its_scope(farm, operator, address, scope, status):
    client = FarmAPIClient(host="alpha.localhost")
    client.credentials(HTTP_AUTHORIZATION=f"Token {make_token(operator, scope=scope)}")
    assert client.get(address).status_code == status


def test_a_session_begun_with_a_pin_reads_it(farm, operator, manager, address):
    secret = devices.register(name="Tablet", by=manager)[1]
    pins.set_pin(operator, pin="8362", by=None)
    tablet = FarmClient(host="alpha.localhost")
    tablet.cookies["spoolbook-device"] = secret
    touch(tablet, "/floor/who/", person=operator.pk, pin="8362")
    assert tablet.get(address).status_code == 200
    assert tablet.get("/api/v1/products/").status_code == 401


def test_managers_remove_a_picture(api, api_client, operator, address):
    photo = a_photo_of(a_run((a_spool(), 5)))
    shown = f"/api/v1/pictures/{photo.picture_id}/"
    assert api.delete(shown).status_code == 204
    assert not RunPhoto.objects.exists()
    assert api.get(shown).status_code == 404
    api_client.force_authenticate(operator)
    assert api_client.delete(address).status_code == 403


def test_a_picture_takes_the_same_queries_however_large_it_is(api, django_assert_max_num_queries):
    small, large = a_picture(), file_of(halves(900, 900))
    product = a_product()
    done(sent(api, f"/api/v1/products/{product.pk}/photo/", large))
    for sha256 in (small.sha256, Picture.objects.exclude(pk=small.pk).get().sha256):
        with django_assert_max_num_queries(2):  # with that for the farm
            api.get(f"/api/v1/pictures/{sha256}/")


def test_a_picture_that_is_not_there_is_a_problem_in_json(api):
    answer = api.get("/api/v1/pictures/0/?format=webp")
    assert refused(answer, 404, "not_found")["status"] == 404
