"""The floor's script makes a photo smaller before it is sent: so it can wait for the network."""

import base64
from urllib.parse import parse_qs

import pytest
from PIL import Image

from production.models import Picture, ProductionRun
from tests.browser.offline_helpers import at, none_waits, offline, waiting
from tests.browser.page_checks import finds
from tests.factories import a_printer, a_running_run, a_spool
from tests.production.pictures.samples import RED, exif, opened

SIDE = 1280  # px, as in static/floor-offline.js


@pytest.fixture
def run(shop):
    return a_running_run((a_spool(), 40), printer=a_printer(), by=shop.otto)


@pytest.fixture
def photo(tmp_path):
    """Held upright by a phone that writes it lying; red above."""
    upright = Image.new("RGB", (1200, 1600), "blue")
    upright.paste(RED, (0, 0, 1200, 800))
    path = tmp_path / "shot.jpg"
    lying = upright.transpose(Image.Transpose.ROTATE_90)
    lying.save(path, exif=exif(x274=6), quality=95)
    return path


def add(page, path):
    page.get_by_label("Photo").set_input_files(path)
    page.get_by_role("button", name="Add the photo").tap()


def test_a_photo_is_sent_smaller_as_a_field_and_stands_upright(visit, run, photo):
    page, sent = visit(at(run)), []
    page.on("request", lambda each: sent.append(each) if each.method == "POST" else None)
    add(page, photo)
    finds(page, f"Run {run.number} has the photo.")
    [request] = sent
    [text] = parse_qs(request.post_data)["photo"]
    kind, _comma, data = text.partition(",")
    assert kind == "data:image/jpeg;base64"
    image = opened(base64.b64decode(data))
    assert (image.size, image.getexif()) == ((SIDE * 3 // 4, SIDE), {})
    picture = Picture.objects.get(sha256=run.photos.get().picture_id)
    assert (picture.width, picture.height) == image.size
    red, _green, blue = opened(picture.content).convert("RGB").getpixel((400, 100))
    assert red > blue
    page.get_by_role("link", name="Photo of").locator("img").wait_for()


def test_without_a_network_a_photo_waits_with_its_form(visit, run, photo):
    page = visit(at(run, "fail/"))
    offline(page)
    page.get_by_label("Photo").set_input_files(photo)
    page.locator(".reasons label").first.tap()
    page.get_by_label("How far was it?").fill("50")
    page.get_by_role("button", name="It failed").tap()
    assert "Not sent yet: 1" in waiting(page).inner_text()
    assert not run.photos.exists()
    offline(page, False)
    finds(page, f"Run {run.number} has failed")
    none_waits(page)
    assert run.photos.count() == 1
    assert ProductionRun.objects.get(pk=run.pk).status == ProductionRun.Status.FAILED


def test_what_the_browser_can_not_read_is_sent_as_it_is_and_the_server_says_so(
    visit, run, tmp_path
):
    path = tmp_path / "shot.jpg"
    path.write_bytes(b"no picture")
    page = visit(at(run))
    add(page, path)
    finds(page, "This is no picture: send JPEG, PNG, WebP or QOI.")
    assert not run.photos.exists()
