"""A case is unpacked on the floor: its filament found, its spools received and labelled."""

from decimal import Decimal

from inventory import codes
from inventory.models import Location, Spool
from tenants.accounts.models import FarmSettings
from tenants.accounts.services import change_settings
from tests.factories import a_filament, a_manufacturer, a_material_type, a_printer, a_spool
from tests.production.floor_helpers import page, page_after, queries, touch

RECEIVE = "/floor/receive/"
GTIN = "4006381333931"


def at(filament):
    return f"{RECEIVE}{filament.pk}/"


# --- Which filament ------------------------------------------------------------------------------


def test_a_filament_is_found_by_the_barcode_of_its_case(floor):
    galaxy = a_filament("Galaxy", gtin=GTIN)
    a_filament("Other")
    for text in (GTIN, f"]E0{GTIN}", "14006381333938"):
        html = page(floor.get(RECEIVE, {"q": text}))
        assert at(galaxy) in html
        assert "Other" not in html
    assert "misread" in page(floor.get(RECEIVE, {"q": "4006381333932"}))
    assert "No filament has the GTIN" in page(floor.get(RECEIVE, {"q": "96385074"}))


def test_a_filament_is_found_by_words_in_any_order(floor):
    petg = a_material_type("PETG")
    maker = a_manufacturer("Kestrel")
    clear = a_filament("Clear", material_type=petg, manufacturer=maker, color_name="Ice")
    a_filament("Clear", color_name="Ice")
    for text in ("petg clear", "ice kestrel", "CLEAR PETG KES"):
        html = page(floor.get(RECEIVE, {"q": text}))
        assert at(clear) in html
        assert html.count('class="job spool"') == 1
    assert "has this name" in page(floor.get(RECEIVE, {"q": "nothing like % it"}))


def test_however_large_the_catalogue_the_page_is_short(floor):
    for number in range(30):
        a_filament(f"Grey {number:02}", is_active=number != 7)
    html = page(floor.get(RECEIVE, {"q": "grey"}))
    assert html.count('class="job spool"') == 20
    assert "Grey 07" not in html
    assert "type another word" in html
    assert page(floor.get(RECEIVE)).count('class="job spool"') == 0


def test_what_came_lately_is_offered(floor):
    first, second = a_filament("First"), a_filament("Second")
    for filament in (second, first, second):
        a_spool(filament=filament)
    html = page(floor.get(RECEIVE))
    assert html.index(at(second)) < html.index(at(first))


def test_the_pages_ask_few_questions_however_much_there_is(floor):
    def queries_of_pages():
        ids = ",".join(map(str, Spool.objects.values_list("pk", flat=True)))
        paths = (RECEIVE, f"{RECEIVE}?q=fil", at(filament), f"/floor/received/?ids={ids}")
        return [queries(floor, path) for path in paths]

    filament = a_filament()
    a_spool()
    few = queries_of_pages()
    for _ in range(5):
        a_spool()
        Location.objects.create(name=f"Shelf {Location.objects.count()}")
    assert queries_of_pages() == few
    assert max(few) <= 12


# --- How many ------------------------------------------------------------------------------------


def test_a_case_is_put_on_the_shelf(floor, operator):
    filament, shelf = a_filament("Galaxy"), Location.objects.create(name="Shelf 1")
    form = page(floor.get(at(filament)))
    assert 'value="1000"' in form
    assert "EUR" in form
    more = {"lot_number": "L7", "total_price": "50,00", "location": shelf.pk}
    answer = touch(floor, at(filament), count=3, initial_grams="1000", **more)
    html = page_after(floor, answer)
    assert "3 spools are on the shelf." in html
    spools = Spool.objects.order_by("pk")
    assert [spool.price for spool in spools] == [Decimal("16.6666")] * 2 + [Decimal("16.6668")]
    assert {(spool.lot_number, spool.location, spool.filament) for spool in spools} == {
        ("L7", shelf, filament)
    }
    entry = spools[0].transactions.get()
    assert (entry.source, entry.performed_by, entry.grams) == ("floor", operator, 1000)
    for spool in spools:
        assert f"/floor/spools/{spool.pk}/" in html


def test_a_case_sent_twice_is_received_once(floor):
    filament = a_filament()
    for _ in range(2):
        answer = touch(floor, at(filament), count=2, initial_grams="1000", idempotency_key="k")
        assert "2 spools" in page_after(floor, answer)
    assert Spool.objects.count() == 2


def test_labels_that_are_on_the_spools_are_bound_by_scanning_them(floor):
    blank = [codes.generate() for _ in range(3)]
    scanned = "\r\n".join(f"HTTP://ALPHA.LOCALHOST/S/{code}" for code in blank) + "\r\n"
    answer = touch(floor, at(a_filament()), count=1, codes=scanned, initial_grams="1000")
    assert "3 spools" in page_after(floor, answer)
    assert list(Spool.objects.order_by("pk").values_list("code", flat=True)) == blank


def test_a_label_that_can_not_be_bound_is_named_and_nothing_typed_is_lost(floor):
    filament, spool, printer = a_filament(), a_spool(), a_printer()
    cases = ((spool.code, "On a spool already", 409), ("hello", "Not the code", 400))
    for code, why, status in (*cases, (printer.code, "The label of a printer", 400)):
        fields = {"codes": f"{codes.generate()}\n{code}", "lot_number": "L7"}
        again = page(touch(floor, at(filament), initial_grams="1000", **fields), status)
        assert why in again
        assert f"{code}</textarea>" in again
        assert 'value="L7"' in again
    assert Spool.objects.count() == 1


def test_what_is_no_number_is_said_beside_the_field(floor):
    filament = a_filament()
    for wrong in ({"count": "0"}, {"count": "201"}, {"count": "x"}, {"total_price": "-1"}):
        fields = {"count": "2", "initial_grams": "1000"} | wrong
        assert 'role="alert"' in page(touch(floor, at(filament), **fields), 400)
    assert not Spool.objects.exists()


def test_a_figure_that_may_be_thousands_is_asked_about(floor):
    filament = a_filament()
    for locale, large, fine in (("de", "1.250", "1250,5"), ("en-gb", "1,250", "1250.5")):
        change_settings(FarmSettings.load(), by=None, locale=locale)
        fields = {"count": "1", "initial_grams": "1000", "total_price": large}
        queries_of_pages = page(touch(floor, at(filament), **fields), 400)
        assert f"Is that 1250 or {large[0]}{fine[-2]}250?" in queries_of_pages
        assert f'value="{large}"' in queries_of_pages
        page_after(floor, touch(floor, at(filament), **fields | {"total_price": fine}))
        page_after(floor, touch(floor, at(filament), **fields | {"total_price": f"0{large[1:]}"}))
    assert sorted({spool.price for spool in Spool.objects.all()}) == [
        Decimal("0.25"),
        Decimal("1250.5"),
    ]


def test_a_page_that_was_sent_is_sent_again_with_other_figures(floor):
    filament = a_filament()
    fields = {"initial_grams": "1000", "idempotency_key": "k"}
    page_after(floor, touch(floor, at(filament), count=2, **fields))
    queries_of_pages = page(touch(floor, at(filament), count=3, **fields), 422)
    assert "This form was sent before" in queries_of_pages
    assert 'value="3"' in queries_of_pages
    assert Spool.objects.count() == 2


def test_a_filament_without_nominal_grams_asks_for_them(floor):
    filament = a_filament(net_grams=None)
    assert "_error" in page(touch(floor, at(filament), count=1), 400)
    assert touch(floor, at(filament), count=1, initial_grams="750").status_code == 303


def test_a_viewer_receives_nothing(farm_client, viewer):
    farm_client.force_login(viewer)
    filament = a_filament()
    for path in (RECEIVE, at(filament)):
        assert farm_client.get(path).status_code == 403
    assert touch(farm_client, at(filament), count=1, initial_grams="1").status_code == 403
    assert "Receive" not in page(farm_client.get("/floor/"))


def test_nonsense_in_an_address_is_nothing_to_see(floor):
    for ids in ("", "x", "-1", "9" * 30, "١", "1,,2"):
        assert "No spools" in page(floor.get("/floor/received/", {"ids": ids}))
    assert floor.get(at(a_filament(is_active=False))).status_code == 404
