"""Sliced files in the admin: many at once, what was read of each, and runs planned by them."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from production.models import ProductionRun, SlicedFile
from tests.factories import a_filament, a_material_type, a_printer, a_spool, make_user
from tests.production.slicing import samples

ADD = "/admin/production/slicedfile/add/"
LIST = "/admin/production/slicedfile/"
DOUBTFUL = samples.PRUSA.replace("73.27, 0.00", "nan, 0.00")


@pytest.fixture
def admin(farm_client):
    farm_client.force_login(make_user(role="manager"))
    return farm_client


@pytest.fixture
def shelf(farm):
    pla, petg = a_material_type("PLA"), a_material_type("PETG")
    return [
        a_spool(1000, filament=a_filament(material_type=pla, color_hex="FF8000")),
        a_spool(1000, filament=a_filament("Blue", material_type=petg, color_hex="123456")),
    ]


def drop(client, **named):
    files = [SimpleUploadedFile(f"{name}.gcode", text.encode()) for name, text in named.items()]
    return client.post(ADD, {"file": files}, follow=True)


def values_of(html):
    """What a browser would send of the form of a verb, untouched."""
    form = html[html.index('name="_seen"') :]
    found = {"_seen": re.search(r'name="_seen" value="([^"]*)"', html)[1]}
    for tag in re.findall(r"<input[^>]*>", form):
        fields = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        is_box = fields.get("type") in ("radio", "checkbox")
        if fields.get("type") != "submit" and "name" in fields and (not is_box or "checked" in tag):
            found[fields["name"]] = fields.get("value", "on" if is_box else "")
    for name, options in re.findall(r'<select name="([^"]*)"(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return found


def test_files_are_dropped_and_one_that_can_not_be_read_stops_no_other(admin, shelf):
    answer = drop(admin, one=samples.PRUSA, bad="hello", two=DOUBTFUL)
    html = answer.content.decode()
    assert answer.request["PATH_INFO"] == LIST
    assert "Read: one.gcode, two.gcode." in html
    assert "Bad.gcode: This is not a file of a known slicer." in html
    assert html.count('class="badge status-needs">Doubtful') == 1
    assert admin.post(ADD, {"file": ""}, follow=True).request["PATH_INFO"] == ADD


def test_a_run_is_planned_once_its_preview_was_seen(admin, shelf):
    printer = a_printer("XL", manufacturer="Prusa", model="XL5IS")
    answer = drop(admin, Hook=samples.PRUSA)
    there, html = answer.request["PATH_INFO"], answer.content.decode()
    assert there.endswith("/plan/")
    assert "2 × Hook" in html
    assert "73.27" in html
    assert not ProductionRun.objects.exists()
    answer = admin.post(there, {**values_of(html), "_do": "Plan"})
    assert answer.status_code == 302, answer.content.decode()
    run = ProductionRun.objects.get()
    assert answer["Location"] == f"/admin/production/productionrun/{run.pk}/change/"
    assert run.printer == printer
    assert [line.spool for line in run.materials.order_by("pk")] == shelf


def test_what_is_doubtful_is_confirmed_before_it_is_planned(admin, shelf):
    answer = drop(admin, Hook=DOUBTFUL)
    there, html = answer.request["PATH_INFO"], answer.content.decode()
    assert "can&#x27;t be right" in html
    refused = admin.post(there, values_of(html)).content.decode()
    assert "Look at the figures" in refused
    grams = next(name for name in values_of(html) if name.startswith("grams-"))
    filled = values_of(html) | {grams: "70.5", "confirm": "on"}
    shown = admin.post(there, filled).content.decode()
    answer = admin.post(there, filled | {"_seen": values_of(shown)["_seen"], "_do": "Plan"})
    assert answer.status_code == 302, answer.content.decode()
    assert str(ProductionRun.objects.get().materials.order_by("pk")[0].sliced_grams) == "70.500000"


def test_the_page_of_a_file_shows_what_was_read(admin, shelf):
    drop(admin, Hook=DOUBTFUL)
    file = SlicedFile.objects.get()
    html = admin.get(f"{LIST}{file.pk}/change/").content.decode()
    for text in ("Plate 1: 26 h 03 min", "Doubtful", "#123456", "its length", "Not planned yet"):
        assert text in html, text
    assert "Hook.gcode" in admin.get(f"{LIST}?planned=no").content.decode()
    assert "0 sliced files" in admin.get(f"{LIST}?planned=yes").content.decode()


def test_who_may_not_send_files_is_refused(farm_client, shelf):
    farm_client.force_login(make_user(role="viewer"))
    assert farm_client.get(ADD).status_code in (302, 403)
    assert drop(farm_client, Hook=samples.PRUSA).status_code == 403
    assert not SlicedFile.objects.exists()
