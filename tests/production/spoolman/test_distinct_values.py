"""Lists of the values that a farm has, and their renaming."""

from inventory.models import ExtraField, Filament, Location, Spool
from inventory.services.spools import shelf
from tests.factories import a_filament, a_material_type, a_spool
from tests.production.spoolman.clients import items, message, ok


def test_values_are_distinct_and_of_archived_spools_too(printer):
    shelf_a = Location.objects.create(name="Shelf A")
    pla = a_filament("PLA", article_number="7")
    a_filament("Pro", article_number="3"), a_filament("None")
    Filament.objects.filter(name="Pro").update(material_label="PLA+ Pro")
    a_filament("Other", material_type=a_material_type("OTHER"))
    a_spool(filament=pla, lot_number="b", location=shelf_a)
    a_spool(filament=pla, lot_number="a")
    shelf.archive(a_spool(filament=pla, lot_number="c"), by=None, discard=False)
    assert ok(printer.get("material")) == ["PLA", "PLA+ Pro"]
    assert ok(printer.get("article-number")) == ["3", "7"]
    assert ok(printer.get("lot-number")) == ["a", "b", "c"]
    assert ok(printer.get("location")) == ["Shelf A"]


def test_a_location_is_renamed_for_all_its_spools(printer):
    old = Location.objects.create(name="Shelf A/1")
    spools = [a_spool(location=old), a_spool(location=old), a_spool()]
    shelf.archive(spools[1], by=None, discard=False)
    answer = printer.patch("location/Shelf%20A%2F1", {"name": "Dry box"})
    assert ok(answer) == "Dry box"
    assert [Spool.objects.get(pk=each.pk).location_id for each in spools[:2]] == [
        Location.objects.get(name="Dry box").pk
    ] * 2
    assert ok(printer.get("location")) == ["Dry box"]
    assert ok(printer.patch("location/nowhere", {"name": "x"})) == "x"  # no 404
    [(kind, place, _text)] = items(printer.patch("location/a", {"name": ""}))
    assert (kind, place) == ("string_too_short", ["body", "name"])


def test_a_value_is_renamed(printer):
    ExtraField.objects.create(entity="spool", key="tag", name="Tag", field_type="text", position=1)
    ids = [a_spool().pk for _ in range(3)]
    for pk, raw in zip(ids, ('"a"', '"\\u0061"', '"A"'), strict=True):
        Spool.objects.filter(pk=pk).update(extra={"tag": raw, "x": "1"})
    body = {"value": "a", "new_value": 'ü"'}
    assert ok(printer.patch("spool/field/extra.tag", body)) == {"spools_updated": 2}
    assert [Spool.objects.get(pk=pk).extra for pk in ids] == [
        {"tag": '"ü\\""', "x": "1"},
        {"tag": '"ü\\""', "x": "1"},
        {"tag": '"A"', "x": "1"},
    ]
    Spool.objects.filter(pk=ids[0]).update(location=Location.objects.create(name="A"))
    body = {"value": "A", "new_value": "B"}
    assert ok(printer.patch("spool/field/location", body)) == {"spools_updated": 1}
    assert ok(printer.get("location")) == ["B"]


def test_what_can_not_be_renamed(printer):
    several = {"choices": ["a"], "multi_choice": True, "field_type": "choice"}
    ExtraField.objects.create(entity="spool", key="k", name="K", position=1, **several)
    body = {"value": "a", "new_value": "b"}
    assert message(printer.patch("spool/field/comment", body), 400) == (
        "Cannot rename values of 'comment'. Only fields the spool itself owns can be renamed: "
        "location, or 'extra.<spool extra field key>'."
    )
    message(printer.patch("spool/field/extra.k", body), 400)
    assert message(printer.patch("spool/field/extra.x", body), 400) == "Unknown extra field x."
    body["new_value"] = "x" * 65
    message(printer.patch("spool/field/location", body), 400)
    assert items(printer.patch("spool/field/location", {"value": ""})) == [
        ("string_too_short", ["body", "value"], "String should have at least 1 character"),
        ("missing", ["body", "new_value"], "Field required"),
    ]
