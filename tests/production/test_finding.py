"""Found by words: what has all of them, the best first, in few statements that read by indexes."""

from datetime import date, datetime

import pytest
from django.utils import timezone

from inventory.models import Location, Spool
from production.models import ProductionRun
from production.services.finding import found
from tenants.operations.searching import TooManyWords, with_days
from tests.factories import (
    a_filament,
    a_manufacturer,
    a_material_type,
    a_printer,
    a_product,
    a_run,
    a_sliced_file,
    a_spool,
    make_user,
)

ODD = [
    "%",
    "'",
    '"',
    "\0",
    "a\0b",
    "\\",
    "''':*",
    "a:* | b",
    "!",
    "…",
    "()",
    "ﷺ",
    "\ud7ff",
    "é" * 300,
]


@pytest.fixture
def find(manager):
    """``find(text)``: names by kind."""

    def names(text, user=manager):
        kinds = found.find(text, user=user)
        return {each.kind: [row.name for row in each.rows] for each in kinds}

    return names


@pytest.fixture
def alder(farm):
    """A spool of which each part has a name of its own, on a shelf."""
    filament = a_filament(
        "Alder Žlutý",
        manufacturer=a_manufacturer("Größenwahn"),
        material_type=a_material_type("PETG-CF"),
        color_name="Burnt orange",
    )
    shelf = Location.objects.create(name="Rack 7")
    spool = a_spool(filament=filament, lot_number="CH-2231", location=shelf)
    type(spool).objects.filter(pk=spool.pk).update(code="10AB10CDE")
    spool.refresh_from_db()
    return spool


@pytest.mark.parametrize(
    "words",
    [
        *(
            "10ab",
            "b10",
            "1OA B1O",
            "alder",
            "zluty",
            "ŽLUT",
            "grosse",
            "GRÖSSEN",
            "petg",
            "cf",
            "orange",
        ),
        *("burnt petg", "ch-2231", "2231", "rack", "orange rack petg 2231 alder 10a"),
    ],
)
def test_a_spool_is_found_by_all_that_it_is_called_by(find, alder, words):
    a_spool(filament=a_filament("Other", manufacturer=a_manufacturer("Elsewhere")))
    assert find(words)["spool"] == [str(alder)]


@pytest.mark.parametrize("words", ["lder", "orange birch", "petg 2232", "10ac"])
def test_not_by_the_middle_of_a_word_nor_by_a_part_of_the_words(find, alder, words):
    assert find(words) == {}


def test_a_filament_and_a_lot_are_found_beside_their_spools(find, alder):
    assert find("alder")["filament"] == [str(alder.filament)]
    assert find("ch-22") == {"spool": [str(alder)], "lot": ["CH-2231"]}


def test_what_is_in_use_comes_first_then_what_is_newest(find, farm):
    filament = a_filament("Birch")
    old, archived, new = (a_spool(filament=filament, lot_number="B") for _ in range(3))
    type(old).objects.filter(pk=archived.pk).update(archived_at=archived.created_at)
    assert find("birch")["spool"] == [str(new), str(old), str(archived)]


def test_a_run_is_found_by_the_end_of_its_number_its_orders_and_products(find, farm):
    bracket, hook = a_product("CC-330", name="Bracket"), a_product("CC-331", name="Hook")
    runs = [a_run(items=[(product, 1)]) for product in (bracket, hook, bracket, bracket)]
    runs[3].items.update(order_reference="Etsy 77-12")
    numbers = [run.number for run in runs]
    day = numbers[0].split("-")[1]
    newest_first = [numbers[3], numbers[2], numbers[0]]
    for words, expected in {
        "004": [numbers[3]],
        f"{day} 002": [numbers[1]],
        f"{day}-003": [numbers[2]],
        "bracket": newest_first,
        "cc-330": newest_first,
        "cc": numbers[::-1],
        day: numbers[::-1],
        "etsy": [numbers[3]],
        "12 brack": [numbers[3]],
        "etsy hook": [],
    }.items():
        assert find(words).get("run", []) == expected, words
    assert find("77-12")["order"] == ["Etsy 77-12"]
    assert find("etsy")["order"] == ["Etsy 77-12"]
    ProductionRun.objects.filter(pk=runs[3].pk).update(deleted_at=runs[3].created_at)
    assert "run" not in find("etsy")


def test_old_runs_are_found_among_many(find, farm, monkeypatch):
    """Beyond the latest, of which each is looked at."""
    old = a_run(items=[(a_product("OLD-1", name="Gnome"), 1)])
    old.items.update(order_reference="Shop 4711")
    product = a_product("NEW-1", name="Hook")
    for _ in range(12):
        a_run(items=[(product, 1)])
    few = found.statements.RUNS.replace("LIMIT 200", "LIMIT 2")
    monkeypatch.setattr(found.statements, "RUNS", few)
    day = old.number.split("-")[1]
    for words in ("gnome", "old-1", "shop", "4711", "shop gnome", old.number, f"{day}-001", "001"):
        assert find(words)["run"] == [old.number], words
    assert len(find(day)["run"]) == found.LIMIT


def test_what_is_called_just_so_comes_first(find, farm):
    a_product("CC-3300", name="Bracket"), a_product("CC-33", name="Hook")
    run = a_run(items=[(a_product("CC-330", name="Bracket"), 1)])
    assert find("cc-33")["product"][0] == "CC-33 Hook"
    assert next(iter(find(run.number.lower()))) == "run"
    a_printer("Voron")
    a_filament("Voron black")
    assert list(find("voron")) == ["printer", "filament"]
    a_filament("Prusa"), a_printer("Prusa MK4")
    assert list(find("prusa")) == ["filament", "printer"]


def test_printers_products_files_and_people_are_found(find, farm):
    a_printer("Number 5", manufacturer="Nova", model="N5")
    a_product("GN-1", name="Gnome"), a_product("GN-2", name="Gnome, small")
    a_sliced_file("gnome_v2-final.gcode")
    make_user(username="gnomon", name="Gerda Nomen")
    assert find("nova n5") == {"printer": ["Number 5"]}
    assert find("gnom") == {
        "product": ["GN-1 Gnome", "GN-2 Gnome, small"],
        "sliced_file": ["gnome_v2-final.gcode"],
        "user": ["Gerda Nomen"],
    }


def test_people_are_found_by_managers_alone(find, operator, viewer):
    assert find("mona") == {"user": ["Mona Manager"]}
    assert find("mona", user=operator) == find("mona", user=viewer) == {}


def test_a_kind_has_few_rows_and_says_that_there_are_more(manager, farm):
    for n in range(found.LIMIT + 2):
        a_product(f"P-{n}", name="Gnome")
    (products,) = found.find("gnome", user=manager)
    assert (len(products.rows), products.has_more) == (found.LIMIT, True)
    assert products.total == found.LIMIT + 2


@pytest.mark.parametrize(
    "day", ["2026-02-03", "3.2.2026", "03.02.2026", "20260203", "3 Feb 2026", "February 3, 2026"]
)
def test_a_day_finds_what_was_received_due_or_finished_on_it(find, alder, day):
    type(alder).objects.filter(pk=alder.pk).update(received_on=date(2026, 2, 3))
    due, over, other = (a_run(items=[(a_product(f"X{n}"), 1)]) for n in range(3))
    ProductionRun.objects.filter(pk=due.pk).update(due_on=date(2026, 2, 3))
    late = datetime(2026, 2, 3, 23, 30, tzinfo=timezone.get_current_timezone())
    ProductionRun.objects.filter(pk=over.pk).update(
        status="completed", started_at=late, scheduled_at=late, finished_at=late
    )
    named = {"spool": [str(alder)], "run": [over.number, due.number]}
    assert find(day) == named
    assert find(f"alder {day}") == {"spool": named["spool"]}
    assert find(f"{day} x0")["run"] == [due.number]
    spools = Spool.objects.all()
    runs = ProductionRun.objects.all()
    for word in with_days(day.split()):
        spools, runs = spools.matching(word), runs.matching(word)
    assert set(spools) == {alder}
    assert set(runs) == {due, over}
    today = timezone.localdate()
    assert find(f"{today:%d.%m.%Y}")["run"] == [run.number for run in (other, over, due)]


def test_a_text_that_looks_like_a_day_is_found_as_well(find, alder):
    type(alder).objects.filter(pk=alder.pk).update(lot_number="2026-02-03")
    assert find("2026-02-03") == {"spool": [str(alder)], "lot": ["2026-02-03"]}


@pytest.mark.parametrize("text", ODD)
def test_any_text_can_be_looked_for(find, alder, text):
    assert isinstance(find(text), dict)
    assert isinstance(find(f"{text} alder"), dict)


def test_twenty_words_are_enough(find, alder):
    assert find("alder " * 300)["spool"]
    assert find(" ".join(f"{n}" for n in range(10, 30))) == {}
    with pytest.raises(TooManyWords):
        find("-".join(f"{n}" for n in range(10, 31)))


def test_names_of_any_letters_can_be_saved_and_found(find, farm):
    """The words of a text are at most 2,046 bytes long, and letters may come apart."""
    names = ["각" * 150, "𝔸" * 150, "ΐ" * 150]
    for name in names:
        a_filament(name)
        assert find(name[:80])["filament"], name[:1]
    a_product("K", name="각" * 200)
    a_sliced_file("각" * 200)
    assert find("각" * 100).keys() == {"filament", "product", "sliced_file"}
