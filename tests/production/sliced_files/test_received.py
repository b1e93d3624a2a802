"""Sliced files that arrive over the API: what is answered, kept and refused."""

import hashlib
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from production.models import Picture, Product, SlicedFile
from production.services.runs import lifecycle
from production.services.sliced_files import planning
from production.services.sliced_files.figures import SlotChoice
from production.slicing.sliced_file import NotFilament, NotSliced, UnreadableFile
from tenants.accounts.models import AuditEvent
from tenants.operations.quantities import InvalidQuantity
from tests.factories import (
    a_material_type,
    a_printer,
    a_product,
    a_received_file,
    a_slot,
    a_spool,
    an_alias,
)
from tests.production.slicing import samples
from tests.responses import done, refused

ADDRESS = "/api/v1/sliced-files/"
HOOK = 'attachment; filename="Hook.gcode"'
SLOTS = [
    {
        "slot": 1,
        "grams": "73.270000",
        "purge_grams": None,
        "length_mm": "24562.600",
        "source": "slicer",
        "material": "PLA",
        "color_hex": "FF8000",
        "profile": "Prusament PLA",
    },
    {
        "slot": 3,
        "grams": "1.200000",
        "purge_grams": None,
        "length_mm": "402.310",
        "source": "slicer",
        "material": "PETG",
        "color_hex": "123456",
        "profile": "PETG; matt",
    },
]


def send(api, text, disposition=HOOK, **headers):
    data = text if isinstance(text, bytes) else text.encode()
    headers |= {"Content-Disposition": disposition} if disposition else {}
    return api.generic("POST", ADDRESS, data, "application/octet-stream", headers=headers)


def receive(text=samples.PRUSA, filename="Hook.gcode", **fields):
    return a_received_file(text, filename, **fields)


def test_a_file_is_answered_with_what_it_takes(api):
    answer = done(send(api, samples.PRUSA), 201)
    assert answer["filename"] == "Hook.gcode"
    assert answer["sha256"] == hashlib.sha256(samples.PRUSA.encode()).hexdigest()
    assert (answer["slicer"], answer["slicer_version"]) == ("PrusaSlicer", "2.9.4+win64")
    assert answer["printer_model"] == "XL5IS"
    plate = {"index": 1, "name": "", "seconds": 93784, "purge_grams": "3.150000", "slots": SLOTS}
    plate |= {"objects": [{"name": "Hook.stl", "count": 2}]}
    plate |= {"picture": f"/api/v1/pictures/{Picture.objects.get().sha256}/"}
    assert answer["plates"] == [plate]
    assert answer["doubts"] == []
    assert "filament used [g] = 73.27, 0.00, 1.20" in answer["lines"]
    [product] = answer["products"]
    assert (product["product"], product["name"], product["units"]) == (None, "Hook", 2)
    assert [slot["slot"] for slot in answer["spools"]] == [1, 3]
    assert answer == done(api.get(f"{ADDRESS}{answer['id']}/"))
    [listed] = done(api.get(ADDRESS))["results"]
    assert listed == {name: answer[name] for name in listed}


def test_spools_are_proposed_with_their_reasons(api):
    spool = a_spool(500, by=None)
    slot = a_slot(printer=a_printer(model="XL5IS"))
    slot.spool = spool
    slot.save()
    answer = done(send(api, samples.PRUSA), 201)
    [pla, petg] = answer["spools"]
    assert [each["spool_code"] for each in pla["proposals"]] == [spool.code]
    assert "loaded" in [reason["code"] for reason in pla["proposals"][0]["reasons"]]
    assert (petg["spool"], petg["needed_grams"]) == (None, "1.200000")
    assert "spools_missing" in [each["code"] for each in petg["blockers"]]


def test_a_form_has_one_file_or_many(api):
    files = [SimpleUploadedFile(f"{n}.gcode", samples.ORCA.encode()) for n in range(2)]
    one = done(api.post(ADDRESS, {"file": files[0]}, format="multipart"), 201)
    assert one["filename"] == "0.gcode"
    for file in files:
        file.seek(0)
    many = done(api.post(ADDRESS, {"file": files}, format="multipart"), 201)
    assert [each["filename"] for each in many["sliced_files"]] == ["0.gcode", "1.gcode"]
    assert many["sliced_files"][0] == one
    assert SlicedFile.objects.count() == 2
    refused(api.post(ADDRESS, {"file": []}, format="multipart"), 400, "no_file")
    refused(api.post(ADDRESS, {"other": "1"}, format="multipart"), 400, "no_file")


def test_of_several_files_all_are_kept_or_none(api):
    files = [SimpleUploadedFile("a.gcode", samples.ORCA.encode())]
    files.append(SimpleUploadedFile("b.stl", b"solid cube\n"))
    answer = refused(api.post(ADDRESS, {"file": files}, format="multipart"), 400, "not_sliced")
    assert list(answer["errors"]) == ["file.1"]
    assert answer["detail"].startswith("b.stl: This is a model")
    assert not SlicedFile.objects.exists()


@pytest.mark.parametrize(
    ("disposition", "filename"),
    [
        ("attachment; filename*=UTF-8''H%C3%A4kchen.gcode", "Häkchen.gcode"),
        ('attachment; filename="../../etc/Hook.gcode"', "Hook.gcode"),
        ('attachment; filename="C:\\\\parts\\\\Hook.gcode"', "Hook.gcode"),
        (f'attachment; filename="{"a" * 300}"', "a" * 255),
    ],
    ids=["not ASCII", "a folder", "a folder of Windows", "too long"],
)
def test_its_name_is_without_its_folder(api, disposition, filename):
    assert done(send(api, samples.PRUSA, disposition), 201)["filename"] == filename


@pytest.mark.parametrize("disposition", ["", "attachment", "inline; filename=x/"])
def test_a_file_without_a_name_is_refused(api, disposition):
    refused(send(api, samples.PRUSA, disposition), 400, "no_file")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("", "no_file"),
        ("solid cube\n facet", "not_sliced"),
        (b"\x19\x00\xfd\x12" + bytes(40), "not_filament"),
        (b"PK\3\4" + bytes(40), "damaged_file"),
        ("G1 X1\n" * 9, "unreadable_file"),
    ],
    ids=["empty", "a model", "resin", "half an archive", "without comments"],
)
def test_what_can_not_be_read_is_refused_with_a_sentence(api, data, code):
    answer = refused(send(api, data), 400, code)
    assert answer["detail"].endswith(".")
    assert not SlicedFile.objects.exists()


def test_what_was_sent_by_mistake_is_removed_until_it_is_planned(api):
    a_material_type("PLA"), a_material_type("PETG")
    one, other = (done(send(api, text), 201)["id"] for text in (samples.ORCA, samples.PRUSA))
    assert api.delete(f"{ADDRESS}{one}/").status_code == 204
    assert AuditEvent.objects.get(object_type="production.slicedfile").verb == "remove"
    [run] = planning.plan(SlicedFile.objects.get(), by=None)
    lifecycle.delete(run, by=None)
    refused(api.delete(f"{ADDRESS}{other}/"), 409, "in_use")
    assert SlicedFile.objects.get().pk == other


def test_the_same_request_with_a_key_is_received_once(api):
    first = done(send(api, samples.PRUSA, **{"Idempotency-Key": "one"}), 201)
    again = done(send(api, samples.PRUSA, **{"Idempotency-Key": "one"}), 201)
    assert (again["id"], SlicedFile.objects.count()) == (first["id"], 1)
    other = send(api, samples.ORCA, **{"Idempotency-Key": "one"})
    refused(other, 422, "idempotency_key_reused")


def test_text_of_strangers_can_be_stored(farm):
    file = receive(samples.PRUSA.replace("Hook.stl", "Ho\\u0000ok\\u202e.stl"), "a\0b\x07.gcode")
    assert file.filename == "ab.gcode"
    assert file.plates[0]["objects"] == [{"name": "Hook.stl", "count": 2}]


def test_figures_at_the_ends_of_their_ranges_can_be_stored_and_planned(farm):
    a_material_type("PLA")
    text = samples.PRUSA.replace("73.27, 0.00, 1.20", "9999999.9999999999, 0, 1e99")
    text = text.replace("24562.60,", "999999999.99999999,").replace("0.2\n; nozzle", "99.9999\n;")
    file = receive(text.replace("1d 2h 3m 4s", "416d 15h 59m 59s").replace("PETG", "PLA"))
    assert file.doubts
    with pytest.raises(InvalidQuantity):
        planning.plan(file, by=None, copies=10_000, confirm=True)
    typed = [SlotChoice(slot=3, grams=Decimal(1))]
    [run] = planning.plan(file, by=None, slots=typed, confirm=True)
    assert run.materials.count() == 2


def test_more_materials_than_any_printer_has_are_refused(farm):
    many = ", ".join(["1.5"] * 65)
    with pytest.raises(UnreadableFile):
        receive(samples.PRUSA.replace("73.27, 0.00, 1.20", many))


def test_what_is_refused_by_the_service_is_not_kept(farm):
    for data, error in ((b"solid x", NotSliced), (b"\x19\x00\xfd\x12", NotFilament)):
        with pytest.raises(error):
            a_received_file(data)
    assert not SlicedFile.objects.exists()


def proposed(api, text=samples.PRUSA, disposition=HOOK):
    answer = send(api, text, disposition)
    [found] = done(answer, answer.status_code)["products"]
    return found["reason"], found["product"], found["units"]


def test_a_product_is_known_by_its_name_its_sku_or_an_alias(api):
    by_name = a_product("H-1", name="Hook")
    assert proposed(api) == ("object", by_name.pk, 2)
    by_name.delete()
    by_sku = a_product("hook")
    assert proposed(api) == ("object", by_sku.pk, 2)
    alias = a_product("X-9")
    an_alias(alias, "hook")
    assert proposed(api) == ("object", alias.pk, 2)
    alias.is_active = False
    alias.save()
    assert proposed(api) == ("object", by_sku.pk, 2)


def test_a_product_that_is_called_something_else_is_known_by_its_object(api):
    a_material_type("PLA"), a_material_type("PETG")
    row = SlicedFile.objects.get(pk=done(send(api, samples.PRUSA), 201)["id"])
    product = planning.plan(row, by=None)[0].items.get().product
    Product.objects.filter(pk=product.pk).update(name="Omega", sku="O-1")
    other = samples.PRUSA.replace("1d 2h", "1d 3h")
    assert proposed(api, other, 'attachment; filename="x.gcode"') == ("object", product.pk, 2)


def test_a_product_is_known_by_the_name_of_the_file(api):
    product, text = a_product("B-1", name="Wall bracket"), samples.PRUSA.replace("Hook", "Body 1")
    name = 'attachment; filename="Wall_bracket_0.4n_0.2mm_PLA_MK4_1h2m.gcode"'
    assert proposed(api, text, name) == ("filename", product.pk, 2)


def test_a_file_that_names_no_objects_has_as_many_as_the_product(api):
    product = a_product("B-1", name="Wall bracket", units_per_plate=12)
    name = 'attachment; filename="Wall bracket.gcode"'
    text = samples.PRUSA.replace("objects_info", "no_info")
    assert proposed(api, text, name) == ("filename", product.pk, 12)


def test_projects_whose_files_are_called_the_same_are_told_apart_by_their_objects(api):
    a_material_type("PLA"), a_material_type("PETG")
    name = 'attachment; filename="plate_1.gcode"'
    first, again = samples.ORCA, samples.ORCA.replace("16m 58s", "17m 1s")
    row = SlicedFile.objects.get(pk=done(send(api, first, name), 201)["id"])
    [run] = planning.plan(row, by=None)
    product = run.items.get().product
    assert product.name == "Gear, Axle"
    assert proposed(api, again, name)[:2] == ("successor", product.pk)
    other = first.replace("Gear", "Lever").replace("Axle", "Pin")
    assert proposed(api, other, name)[:2] == ("new", None)
    unnamed = again.replace("printing object", "object")
    assert proposed(api, unnamed, name)[:2] == ("new", None)


def test_words_that_any_model_is_called_lead_to_no_product(api):
    a_product("1", name="Body")
    reason, product, units = proposed(api, samples.PRUSA.replace("Hook", "Body"))
    assert (reason, product, units) == ("new", None, 2)


def test_a_material_that_the_farm_does_not_have_is_said(api):
    a_material_type("PLA")
    petg = done(send(api, samples.PRUSA), 201)["spools"][1]
    assert petg["material_type"] is None or petg["proposals"] == []
