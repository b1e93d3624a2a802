"""Who sees a picture: those of its farm who may view pictures, by whatever it is shown on."""

import pytest
from django_tenants.utils import tenant_context

from production.models import Picture
from production.services import pictures
from tenants.accounts import roles
from tests.conftest import FarmAPIClient, browser_of
from tests.factories import (
    a_photo_of,
    a_product,
    a_received_file,
    a_run,
    a_spool,
    an_encoded_picture,
    make_token,
    make_user,
)
from tests.production.pictures.samples import file_of, halves
from tests.production.slicing import samples
from tests.responses import refused

HEADERS = {
    "Cache-Control": "private, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def of_a_product():
    return pictures.set_photo(a_product(), photo=an_encoded_picture(), by=None).photo_id


def of_a_run():
    return a_photo_of(a_run((a_spool(), 5))).picture_id


def of_a_plate():
    picture = samples.thumbnail(300, 200, file_of(halves(), "PNG"))
    file = a_received_file(samples.PRUSA.replace(samples.thumbnail(300, 200), picture))
    return file.pictures.get().picture_id


@pytest.fixture(params=[of_a_product, of_a_run, of_a_plate])
def addresses(request, farm):
    """Of a picture and its thumbnail."""
    address = f"/api/v1/pictures/{request.param()}/"
    return [address, f"{address}thumbnail/"]


def test_nobody_of_another_farm_sees_it(addresses, api, stranger, other_farm):
    with tenant_context(other_farm):
        browser = browser_of(other_farm, stranger)
        program = FarmAPIClient(host="beta.localhost")
        program.credentials(HTTP_AUTHORIZATION=f"Token {make_token(stranger)}")
    here = FarmAPIClient(host="alpha.localhost")  # theirs, at our host
    here.credentials(**program._credentials)
    for address in addresses:
        etag = api.get(address)["ETag"]
        for client in (browser, program):
            assert client.get(address).status_code == 404
            assert client.get(address, HTTP_IF_NONE_MATCH=etag).status_code == 404
        assert here.get(address, HTTP_IF_NONE_MATCH=etag).status_code == 401


def test_what_two_farms_have_is_each_ones_own(farm, api, stranger, other_farm):
    encoded = an_encoded_picture()
    pictures.keep(encoded)
    with tenant_context(other_farm):
        pictures.keep(encoded)
        browser = browser_of(other_farm, stranger)
    address = f"/api/v1/pictures/{encoded.sha256}/"
    assert api.delete(address).status_code == 204
    assert api.get(address).status_code == 404
    assert browser.get(address).content == encoded.content


def test_a_role_that_may_not_view_pictures_sees_none(addresses, api_client, monkeypatch):
    viewer = make_user(role=roles.VIEWER)
    api_client.force_authenticate(viewer)
    etags = [api_client.get(address)["ETag"] for address in addresses]
    less = roles.PERMISSIONS[roles.VIEWER] - {"production.view_picture"}
    monkeypatch.setitem(roles.PERMISSIONS, roles.VIEWER, less)
    api_client.force_authenticate(type(viewer).objects.get(pk=viewer.pk))
    for address, etag in zip(addresses, etags, strict=True):
        refused(api_client.get(address), 403, "permission_denied")
        refused(api_client.get(address, HTTP_IF_NONE_MATCH=etag), 403, "permission_denied")


def test_who_may_view_what_shows_a_picture_may_view_it():
    """No role sees a page with a picture that it may not load."""
    shows = {"view_product", "view_productionrun", "view_slicedfile", "view_runphoto"}
    for role in roles.FARM_ROLES:
        rights = roles.permissions(role)
        if any(f"production.{each}" in rights for each in shows):
            assert "production.view_picture" in rights


def test_it_is_kept_for_ever_and_asked_for_again_by_its_tag(addresses, api):
    for address in addresses:
        first = api.get(address)
        etag = first["ETag"]
        tags = (etag, f"W/{etag}", f'"other", {etag}', "*")
        again = [api.get(address, HTTP_IF_NONE_MATCH=tag) for tag in tags]
        assert [each.status_code for each in again] == [304] * 4
        other = api.get(address, HTTP_IF_NONE_MATCH='"other"')
        assert (other.status_code, other.content) == (200, first.content)
        for answer in (first, *again, other):
            assert {name: answer[name] for name in HEADERS} == HEADERS
            assert answer["ETag"] == etag
            assert "sandbox" in answer["Content-Security-Policy"]


def test_what_was_removed_is_not_unchanged(addresses, api):
    etags = [api.get(address)["ETag"] for address in addresses]
    pictures.remove(Picture.objects.get(), by=None)
    for address, etag in zip(addresses, etags, strict=True):
        refused(api.get(address, HTTP_IF_NONE_MATCH=etag), 404, "not_found")
