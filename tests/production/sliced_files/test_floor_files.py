"""Sliced files on the floor: sent from a phone, looked at, planned, started."""

import re
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from production.models import PrinterSlot, ProductionRun, SlicedFile
from production.services.sliced_files import planning
from tests.factories import (
    a_filament,
    a_material_type,
    a_printer,
    a_product,
    a_slot,
    a_spool,
    make_user,
)
from tests.production.floor_helpers import at, entries, page, page_after, queries, touch
from tests.production.slicing import samples
from tests.responses import text_of

FILES = "/floor/sliced-files/"


def sent(client, *files, name="Hook.gcode"):
    """Send files as a browser does: texts, or ``(name, text)``."""
    named = [each if isinstance(each, tuple) else (name, each) for each in files]
    named = [(name, text if isinstance(text, bytes) else text.encode()) for name, text in named]
    return client.post(FILES, {"file": [SimpleUploadedFile(*each) for each in named]})


def chosen_in(html):
    """What a browser would send of a page's last form, untouched."""
    form = html.rpartition("<form")[2] if "dock" in html.rpartition("<form")[2] else html
    found = {}
    for tag in re.findall(r"<input[^>]*>", form):
        fields = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        is_box = fields.get("type") in ("radio", "checkbox")
        if "name" in fields and (not is_box or "checked" in tag):
            if not is_box and fields["name"] in found:
                continue  # the field for another spool, below its choices
            found.setdefault(fields["name"], fields.get("value", ""))
    return found


@pytest.fixture
def shelf(farm):
    """An orange spool of PLA, loaded, and a blue one of PETG."""
    pla, petg = a_material_type("PLA"), a_material_type("PETG")
    orange = a_spool(1000, filament=a_filament(material_type=pla, color_hex="FF8000"))
    blue = a_spool(1000, filament=a_filament("Blue", material_type=petg, color_hex="123456"))
    return orange, blue


def test_a_file_is_read_and_its_page_proposes_all(floor, shelf):
    html = page_after(floor, sent(floor, samples.PRUSA))
    for text in ("Hook.gcode", "PrusaSlicer 2.9.4", "26 h 03 min", "73.27 g", "1.2 g", "XL5IS"):
        assert text in html, text
    for spool in shelf:
        assert f'value="{spool.code}" checked' in html
    assert "A new product, “Hook”" in html
    assert "As the slicer says." in html
    assert "Doubtful" not in html


def test_a_run_is_planned_as_proposed_and_starts(floor, shelf):
    printer = a_printer("XL", manufacturer="Prusa", model="XL5IS")
    there = sent(floor, samples.PRUSA)["Location"]
    html = floor.get(there).content.decode()
    assert "Plan on XL" in html
    answer = touch(floor, there, **chosen_in(html))
    run = ProductionRun.objects.get()
    assert answer["Location"] == at(run)
    assert (run.printer, run.sliced_file.filename) == (printer, "Hook.gcode")
    assert [line.spool for line in run.materials.order_by("pk")] == list(shelf)
    assert [(item.product.name, item.quantity) for item in run.items.all()] == [("Hook", 2)]
    assert "Hook.gcode" not in page(floor.get(FILES))
    assert f'href="{at(run)}"' in page(floor.get(there))
    again = floor.get(sent(floor, samples.PRUSA)["Location"]).content.decode()
    assert "This was chosen for the same file before." in again


def test_from_file_to_ledger(floor, shelf):
    html = page_after(floor, sent(floor, samples.PRUSA))
    fields = chosen_in(html)
    there = f"{FILES}{SlicedFile.objects.get().pk}/"
    html = page_after(floor, touch(floor, there, **fields))
    run = ProductionRun.objects.get()
    touch(floor, at(run, "start"), **chosen_in(html))
    touch(floor, at(run, "complete-as-planned"))
    booked = [(kind, grams) for kind, grams in entries(run) if kind == "usage"]
    assert sum(-grams for _kind, grams in booked) == Decimal("74.47")


def test_what_somebody_chooses_is_planned(floor, shelf):
    product = a_product("HOOK-9", name="Big hook")
    printer, other = a_printer("XL"), a_spool(1000, filament=shelf[0].filament)
    there = sent(floor, samples.PRUSA)["Location"]
    fields = chosen_in(floor.get(f"{there}?printer={printer.pk}").content.decode())
    fields |= {"another-0": "hook-9", "units-0": "3", "copies": "2", "spool-1": other.code}
    assert touch(floor, there, **fields).status_code == 303
    run = ProductionRun.objects.get()
    assert (run.printer, run.plate_count) == (printer, 2)
    assert [(item.product, item.quantity) for item in run.items.all()] == [(product, 6)]
    assert run.materials.order_by("pk")[0].spool == other


def test_another_printer_loses_nothing_that_was_entered(floor, shelf):
    a_printer("XL", manufacturer="Prusa", model="XL5IS")
    far = a_printer("Far")
    loaded = a_spool(1000, filament=shelf[0].filament)
    PrinterSlot.objects.create(printer=far, label="1", spool=loaded)
    mine = a_spool(900, filament=shelf[1].filament)
    there = sent(floor, samples.PRUSA)["Location"]
    html = floor.get(there).content.decode()
    entered = chosen_in(html) | {"copies": "5", "units-0": "40", "product-0": "new"}
    entered |= {"another-0": "Sign", "spool-3": mine.code, "elsewhere": str(far.pk)}
    both = entered | {"spool-1": [entered["spool-1"], ""], "spool-3": ["", mine.code]}
    html = floor.post(there, both).content.decode()  # the choice, and the field below it
    assert not ProductionRun.objects.exists()
    assert "Plan on Far" in html
    assert "Plan on XL" not in html
    kept = chosen_in(html)
    assert kept["spool-1"] == loaded.code  # as proposed there
    fields = ("copies", "units-0", "another-0", "product-0", "spool-3", "printer")
    assert [kept[name] for name in fields] == ["5", "40", "Sign", "new", mine.code, str(far.pk)]


def test_who_plans_the_same_file_meanwhile_is_named_once(floor, shelf):
    there = sent(floor, samples.PRUSA)["Location"]
    fields = chosen_in(floor.get(there).content.decode())
    ada = make_user(username="ada")
    [run] = planning.plan(SlicedFile.objects.get(), by=ada)
    refused = touch(floor, there, **fields)
    assert f"{ada} has planned it as {run.number} meanwhile." in text_of(refused)
    assert ProductionRun.objects.count() == 1
    assert touch(floor, there, **chosen_in(refused.content.decode())).status_code == 303
    assert ProductionRun.objects.count() == 2


@pytest.mark.parametrize("printer", ["", "x", "999999", "-1"])
def test_no_such_printer_is_none(floor, shelf, printer):
    there = sent(floor, samples.PRUSA)["Location"]
    assert floor.post(there, {"elsewhere": printer}).status_code == 200


def test_what_a_file_without_figures_takes_is_entered(floor):
    printer, spool = a_printer("Only"), a_spool(1000)
    PrinterSlot.objects.create(printer=printer, label="1", spool=spool)
    there = sent(floor, samples.IDEAMAKER, name="Lamp.gcode")["Location"]
    html = page(floor.get(f"{there}?printer={printer.pk}"))
    fields = chosen_in(html) | {"minutes-1": "90", "spool-1": spool.code, "confirm": "on"}
    refused = touch(floor, there, **fields)
    assert "Enter the grams of its first slot" in refused.content.decode()
    assert touch(floor, there, **(fields | {"grams-1-1": "12.5"})).status_code == 303
    run = ProductionRun.objects.get()
    [line] = run.materials.all()
    assert (line.spool, line.sliced_grams, line.sliced_source) == (spool, Decimal("12.5"), "typed")
    assert run.planned_minutes == 90


def test_what_is_doubtful_is_seen_and_has_to_be_confirmed(floor, shelf):
    doubtful = samples.PRUSA.replace("73.27, 0.00", "nan, 0.00")
    there = sent(floor, doubtful)["Location"]
    html = page(floor.get(there))
    assert html.count("Doubtful") == 1
    assert 'class="doubtful"' in html
    fields = chosen_in(html)
    refused = touch(floor, there, **fields)
    assert refused.status_code in (400, 409)
    assert not ProductionRun.objects.exists()
    name = next(name for name in re.findall(r'name="(grams-[^"]*)"', html) if name.endswith("-1"))
    answer = touch(floor, there, **(fields | {name: "70,5", "confirm": "on"}))
    assert answer.status_code == 303, answer.content.decode()
    line = ProductionRun.objects.get().materials.order_by("pk")[0]
    assert (line.sliced_grams, line.sliced_source) == (Decimal("70.5"), "typed")


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("; estimated printing time (normal mode) = 1d 2h 3m 4s\n", ["minutes-1"]),
        ("; total filament used [g] = 74.47\n", []),
        ("; filament used [g] = 73.27, 0.00, 1.20\n", ["grams-1-1", "grams-1-3"]),
    ],
    ids=["time", "total", "grams"],
)
def test_what_the_file_does_not_say_is_asked_and_nothing_else(floor, shelf, line, names):
    text = samples.PRUSA.replace(line, "")
    if "grams-1-1" in names:
        text = text.replace("; filament_density = 1.24,1.24,1.27\n", "")
    assert text != samples.PRUSA
    html = page(floor.get(sent(floor, text)["Location"]))
    asked = re.findall(r'name="((?:grams|minutes)-[^"]*)"', html)
    assert asked == names


def test_several_plates_are_planned_as_runs_or_as_one(floor, shelf):
    there = sent(floor, samples.project(1, 2), name="box.gcode.3mf")["Location"]
    html = page(floor.get(there))
    fields = chosen_in(html)
    for plates, more, count in (
        (["1", "2"], {}, 2),
        (["2"], {}, 1),
        (["1", "2"], {"is_one_run": "on"}, 1),
    ):
        before = ProductionRun.objects.count()
        answer = touch(floor, there, **(fields | more | {"plates": plates, "idempotency_key": ""}))
        assert answer.status_code == 303, answer.content.decode()
        assert ProductionRun.objects.count() == before + count


def test_a_file_that_can_not_be_read_stops_no_other(floor, shelf):
    files = [("bad.gcode", "hello"), ("good.gcode", samples.PRUSA), ("model.stl", "solid x")]
    html = page_after(floor, sent(floor, *files))
    assert "bad.gcode: This is not a file of a known slicer." in html
    assert "model.stl: This is a model or a document" in html
    assert [row.filename for row in SlicedFile.objects.all()] == ["good.gcode"]
    assert "good.gcode" in html
    assert "Choose a file" in page_after(floor, floor.post(FILES, {"file": ""}))


def test_who_may_not_send_or_plan_sees_what_is_there(floor, farm_client, shelf):
    there = sent(floor, samples.PRUSA)["Location"]
    farm_client.force_login(make_user(role="viewer"))
    assert "Hook.gcode" in page(farm_client.get(FILES))
    assert 'type="file"' not in page(farm_client.get(FILES))
    assert "Plan" not in re.findall(r"<button[^>]*>([^<]*)", page(farm_client.get(there)))
    assert sent(farm_client, samples.PRUSA).status_code == 403
    assert touch(farm_client, there, copies="1").status_code == 403
    assert SlicedFile.objects.count() == 1


def test_the_page_asks_as_much_for_many_spools(floor, shelf):
    there = sent(floor, samples.PRUSA)["Location"]
    few = queries(floor, there)
    for number in range(8):
        a_spool(1000, filament=shelf[0].filament)
        a_product(f"P-{number}")
        a_slot(str(number), printer=a_printer(f"P{number}"))
    assert queries(floor, there) <= few <= 18
