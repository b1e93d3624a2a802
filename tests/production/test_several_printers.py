"""Printers added by a model, and several at once."""

import pytest

from production.models import Printer
from production.services.printing import adding
from production.services.printing.printer_models import printer_models
from tenants.operations.refusals import Invalid
from tests.factories import a_printer, a_slot
from tests.responses import text_of

pytestmark = pytest.mark.usefixtures("farm")
PAGE, API = "/admin/production/printer/add-several/", "/api/v1/printers/several/"
AMS = "bambu-lab-x1-carbon-with-ams"


def slots_of(name):
    slots = Printer.objects.get(name=name).slots.order_by("pk")
    return list(slots.values_list("label", flat=True))


def test_models_are_told_apart_and_plausible():
    models = printer_models()
    assert len(models) > 30
    assert len({(each.manufacturer, each.model) for each in models.values()}) == len(models)
    for model in models.values():
        assert all(100 <= side <= 600 for side in model.bed_mm), model
        assert 0 < len(set(model.slots)) == len(model.slots), model
        assert model.power_watts is None or 40 <= model.power_watts <= 400, model
    assert models[AMS].slots == ("A1", "A2", "A3", "A4", "External")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("P01 to P03", ["P01", "P02", "P03"]),
        ("P8-P11", ["P8", "P9", "P10", "P11"]),
        ("Alder, Birch\n Mk 4 ", ["Alder", "Birch", "Mk 4"]),
        ("Rack 2 Printer 09 – Rack 2 Printer 10", ["Rack 2 Printer 09", "Rack 2 Printer 10"]),
        ("Ender-3", ["Ender-3"]),
        ("Top to Bottom", ["Top to Bottom"]),
        ("MK4-01, Mk4-Mini2", ["MK4-01", "Mk4-Mini2"]),
        (" , \n", []),
    ],
)
def test_names_are_listed_or_a_series(text, names):
    assert adding.names_of(text) == names


@pytest.mark.parametrize("text", ["P1 to P101", "P9 to P2"])
def test_a_series_is_bounded(text):
    with pytest.raises(Invalid):
        adding.names_of(text)


@pytest.mark.parametrize("text", ["Z01 to Y05", "Z01-Y05", "Z01..Y05", "P01 – 20", "P1 to p9"])
def test_a_series_has_one_name(text):
    with pytest.raises(Invalid, match="is no series: both begin with the same name"):
        adding.names_of(f"Alder, {text}")


def test_twenty_printers_are_one_form(as_manager):
    answer = as_manager.post(PAGE, {"preset": AMS, "names": "P01 to P20", "power_watts": "90"})
    assert answer.status_code == 303, answer.content.decode()
    assert Printer.objects.count() == 20
    listed = text_of(as_manager.get(answer["Location"]))
    assert "20 printers added: P01, P02, P03, P04, P05 and 15 more." in listed
    one = Printer.objects.get(name="P07")
    assert (one.manufacturer, one.bed_x_mm, one.has_hardened_nozzle) == ("Bambu Lab", 256, True)
    assert one.power_watts == 90
    assert slots_of("P07") == ["A1", "A2", "A3", "A4", "External"]


def test_none_is_added_where_a_name_is_taken(as_manager):
    a_printer("p03")
    text = as_manager.post(PAGE, {"preset": AMS, "names": "P01 to P05"}).content.decode()
    assert "There is a printer called p03 already." in text
    assert "P01 to P05" in text
    assert Printer.objects.count() == 1


def test_another_like_one_that_is_there(as_manager):
    like = a_printer("Alder", power_watts=77, model="Own", has_hardened_nozzle=True)
    for label in ("Left", "Right"):
        a_slot(label, printer=like)
    page = f"/admin/production/printer/{like.pk}/add-several/"
    form = as_manager.get(page).context["form"]
    sent = {name: form[name].value() for name in form.fields} | {"names": "Birch"}
    sent = {name: value for name, value in sent.items() if value not in (None, False)}
    assert as_manager.post(page, sent).status_code == 303
    birch = Printer.objects.get(name="Birch")
    assert (birch.power_watts, birch.model, birch.has_hardened_nozzle) == (77, "Own", True)
    assert slots_of("Birch") == ["Left", "Right"]


def test_without_a_model_the_bed_is_asked_for(as_manager):
    text = as_manager.post(PAGE, {"names": "P1"}).content.decode()
    assert text.count("Needed, unless a model is chosen.") == 3
    sides = {"bed_x_mm": "200", "bed_y_mm": "200", "bed_z_mm": "180"}
    assert as_manager.post(PAGE, {"names": "P1", **sides}).status_code == 303
    assert slots_of("P1") == ["1"]


def test_a_single_printer_has_a_slot(as_manager):
    sides = {"bed_x_mm": "200", "bed_y_mm": "200", "bed_z_mm": "180"}
    given = {"name": "Solo", "nozzle_diameter_mm": "0.4", "is_active": "on", **sides}
    given |= {"slots-TOTAL_FORMS": "0", "slots-INITIAL_FORMS": "0"}
    answer = as_manager.post("/admin/production/printer/add/", given)
    assert answer.status_code == 302, answer.content.decode()
    assert slots_of("Solo") == ["1"]


def test_programs_list_models_and_add_several(api):
    models = {each["key"]: each for each in api.get("/api/v1/printers/models/").json()["models"]}
    assert models[AMS]["bed_mm"] == ["256.00", "256.00", "256.00"]
    answer = api.post(API, {"preset": AMS, "names": ["P1", "P2"], "hour_rate": "1.20"})
    assert answer.status_code == 201, answer.content.decode()
    first, second = answer.json()["printers"]
    assert (first["name"], second["hour_rate"]) == ("P1", "1.2000")
    assert [slot["label"] for slot in first["slots"]] == ["A1", "A2", "A3", "A4", "External"]
    again = api.post(API, {"preset": AMS, "names": ["P2", "P3"]})
    assert (again.status_code, again.json()["code"]) == (409, "duplicate")
    bare = api.post(API, {"names": ["P9"]})
    assert set(bare.json()["errors"]) == {"bed_x_mm", "bed_y_mm", "bed_z_mm"}
    twice = api.post(API, {"preset": AMS, "names": ["P9", "p9"]})
    assert "is there twice" in twice.json()["detail"]
    assert Printer.objects.count() == 2


def test_a_program_adds_one_of_a_model(api):
    path = "/api/v1/printers/"
    answer = api.post(path, {"preset": AMS, "name": "Q1", "power_watts": 90})
    assert answer.status_code == 201, answer.content.decode()
    made = answer.json()
    assert (made["bed_x_mm"], made["model"], made["power_watts"]) == (
        *("256.00", printer_models()[AMS].model, 90),
    )
    assert [slot["label"] for slot in made["slots"]] == list(printer_models()[AMS].slots)
    assert api.get(f"{path}{made['id']}/").json() == made
    bare = api.post(path, {"name": "Q2"}).json()
    assert set(bare["errors"]) == {"bed_x_mm", "bed_y_mm", "bed_z_mm"}
    unknown = api.post(path, {"name": "Q2", "preset": "nothing"}).json()
    assert set(unknown["errors"]) == {"preset"}
    again = api.post(path, {"preset": AMS, "name": "q1"})
    assert (again.status_code, list(again.json()["errors"])) == (409, ["name"])
    refused = api.put(f"{path}{made['id']}/", made | {"preset": AMS})
    assert list(refused.json()["errors"]) == ["preset"]
