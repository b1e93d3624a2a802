"""Search by words, an id, or a colour."""

import pytest
from django.utils import timezone

from inventory.models import Location
from production.spoolman import color_names
from tests.factories import a_filament, a_manufacturer, a_spool
from tests.production.spoolman.clients import items, ok
from tests.production.spoolman.shelf import a_field, spool_with, with_extra
from tests.queries import queries_of


def search(client, words, **query):
    return ok(client.get("search", {"q": words, **query}))


def hits(client, words, kind, **query):
    """``[(id, match_field)]``"""
    found = search(client, words, **query)[f"{kind}s"]
    return [(hit[kind]["id"], hit["match_field"]) for hit in found]


@pytest.fixture
def filaments(farm):
    maker = a_manufacturer("Bambu Lab")
    return {
        "cf": a_filament("Matte Grey", manufacturer=maker, material_label="PETG-CF"),
        "red": a_filament("Red Matte", manufacturer=maker, color_hex="FF0000"),
        "other": a_filament("Lab Grey", article_number="GR-1", color_hex="FE0000"),
    }


def test_each_word_must_be_in_some_field(printer, filaments):
    cf, red, other = (filaments[name].number for name in ("cf", "red", "other"))
    assert hits(printer, "bambu petg-cf", "filament") == [(cf, "material")]
    assert hits(printer, "BAMBU  bambu matte", "filament") == [(cf, "name"), (red, "name")]
    assert hits(printer, "grey", "filament") == [(cf, "name"), (other, "name")]
    assert hits(printer, "gr", "filament")[0] == (other, "article_number")
    assert hits(printer, "bambu gr-1", "filament") == []


def test_the_rank_is_that_of_the_worst_word(printer, filaments):
    cf, red, other = (filaments[name].number for name in ("cf", "red", "other"))
    assert hits(printer, "matte", "filament") == [(cf, "name"), (red, "name")]
    assert hits(printer, "lab", "filament") == [
        (other, "name"),
        (cf, "vendor.name"),
        (red, "vendor.name"),
    ]


def test_wildcards_are_letters(printer, filaments):
    for words in ("%", "_", "m%e", "\\"):
        assert hits(printer, words, "filament") == []
    percent = a_filament("100% PLA")
    assert hits(printer, "0% pla", "filament") == [(percent.number, "material")]
    assert hits(printer, "100%", "filament") == [(percent.number, "name")]


def test_spools_and_vendors(printer):
    shelf = Location.objects.create(name="Dry box 7")
    spool = a_spool(location=shelf, lot_number="LOT-9", comment="the box")
    assert hits(printer, "box", "spool") == [(spool.number, "comment")]
    assert hits(printer, "dry", "spool") == [(spool.number, "location")]
    assert hits(printer, "lot-9 ry", "spool") == [(spool.number, "lot_nr")]
    maker = a_manufacturer("Ada", comment="of Bonn")
    assert hits(printer, "bonn", "vendor") == [(maker.number, "comment")]
    spool_with(spool, archived_at=timezone.now())
    assert hits(printer, "dry", "spool") == []
    assert hits(printer, "dry", "spool", allow_archived="true") == [(spool.number, "location")]


def test_own_fields_of_texts_and_choices(printer):
    a_field("note"), a_field("n", "integer")
    a_field("size", "choice", choices=["big"], multi_choice=True)
    spool = with_extra(a_spool(), note='"\\u00fcber alles"', n="42", size='["big"]')
    assert hits(printer, "über", "spool") == [(spool.number, "extra.note")]
    assert hits(printer, "big", "spool") == [(spool.number, "extra.size")]
    assert hits(printer, "42", "spool") == []


def test_digits_are_an_id_too(printer):
    first = a_spool()
    other = a_spool(lot_number=str(first.number))
    words = f" {first.number} "
    assert hits(printer, words, "spool") == [(first.number, "id"), (other.number, "lot_nr")]
    spool_with(first, archived_at=timezone.now())
    assert hits(printer, words, "spool") == [(other.number, "lot_nr")]
    assert hits(printer, words, "spool", allow_archived="1")[0] == (first.number, "id")
    assert hits(printer, "9" * 30, "spool") == []


@pytest.mark.parametrize("words", ["ff0000", "#FF0000", "f00", "red", "Red"])
def test_colors_come_first_and_the_nearest_first(printer, filaments, words):
    red, other = filaments["red"].number, filaments["other"].number
    found = search(printer, words)
    assert found["is_color_query"]
    assert [(hit["filament"]["id"], hit["match_field"]) for hit in found["filaments"]] == [
        (red, "color"),
        (other, "color"),
    ]
    exact = hits(printer, words, "filament", color_similarity_threshold=0)
    assert exact == [(red, "color")]


def test_names_of_colors():
    assert color_names.resolve("Light Golden Rod Yellow") == "FAFAD2"
    assert color_names.resolve("rebeccapurple") == "663399"
    assert color_names.resolve("#abc") == "AABBCC"
    assert {color_names.resolve(f"{word}gr{e}y") for word in ("light", "") for e in "ae"} == {
        "D3D3D3",
        "808080",
    }
    for words in ("abcd", "fidred", "transparent", "", "bambu", "#ggg"):
        assert color_names.resolve(words) is None


def test_words_that_are_no_color(printer, filaments):
    assert not search(printer, "matte")["is_color_query"]


def test_blank_words_find_nothing(printer, filaments):
    empty = {"spools": [], "filaments": [], "vendors": [], "is_color_query": False}
    assert search(printer, "  ") == empty


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({}, "q"),
        ({"q": ""}, "q"),
        ({"q": "a", "limit": 0}, "limit"),
        ({"q": "a", "limit": 101}, "limit"),
        ({"q": "a", "spools_per_filament": 11}, "spools_per_filament"),
        ({"q": "a", "color_similarity_threshold": 101}, "color_similarity_threshold"),
    ],
)
def test_parameters_that_are_none(printer, farm, query, name):
    [(_kind, place, _message)] = items(printer.get("search", query))
    assert place == ["query", name]


def test_a_limit_for_each_kind(printer, filaments):
    assert len(hits(printer, "matte", "filament", limit=1)) == 1


def test_the_oldest_spools_of_each_filament(printer, filaments):
    shelf = Location.objects.create(name="Shelf")
    first = a_spool(500, filament=filaments["cf"], location=shelf)
    second, third = (a_spool(100, filament=filaments["cf"]) for _ in range(2))
    spool_with(third, archived_at=timezone.now())
    [hit] = search(printer, "petg", spools_per_filament=1)["filaments"]
    place = {"location": "Shelf", "archived": False}
    assert hit["spools"] == [{"id": first.number, "remaining_weight": 500.0, **place}]
    assert hit["spool_count"] == 2
    [hit] = search(printer, "petg", spools_per_filament=5, allow_archived="1")["filaments"]
    assert [spool["id"] for spool in hit["spools"]] == [first.number, second.number, third.number]
    assert hit["spools"][2]["archived"]
    assert hit["spool_count"] == 3
    [hit] = search(printer, "gr-1", spools_per_filament=5)["filaments"]
    assert (hit["spools"], hit["spool_count"]) == ([], 0)
    assert "spools" not in search(printer, "petg")["filaments"][0]


def test_a_search_costs_the_same_for_any_number_of_rows(printer, filaments):
    query = {"q": "red", "spools_per_filament": 2}
    printer.get("search", query)
    cost = queries_of(lambda: printer.get("search", query))
    a_spool(filament=a_filament("Red too")), a_spool(filament=a_filament("Red 3"))
    assert queries_of(lambda: printer.get("search", query)) == cost
