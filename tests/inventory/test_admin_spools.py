"""Spools and the ledger in the admin: looked at, and handled through their verbs alone."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from inventory.models import InventoryTransaction, Location, Spool, SpoolEvent
from inventory.services.spools import consumption, shelf
from production.services import completion
from tests.factories import a_filament, a_material_type, a_run, a_running_run, a_spool
from tests.production.admin_forms import carry_out, fields
from tests.queries import fresh, queries_of
from tests.responses import text_of, without_labels

LIST = "/admin/inventory/spool/"
LEDGER = "/admin/inventory/inventorytransaction/"


def page(spool, verb="change"):
    name = verb if verb == "change" else f"do_{verb}"
    return reverse(f"admin:inventory_spool_{name}", args=[spool.pk])


def codes(client, query=""):
    return {spool.code for spool in client.get(f"{LIST}?{query}").context["cl"].result_list}


# --- The shelf ---------------------------------------------------------------------------------


def test_the_heading_of_a_verb_names_the_filament_and_then_the_code(at_admin):
    spool = a_spool(filament=a_filament(name="Slate Grey"))
    heading = f"<h1>Weigh: {spool.filament} · {spool.code}</h1>"
    assert heading in at_admin.get(page(spool, "weigh")).content.decode()


def test_the_bar_tells_what_is_free_reserved_and_gone(at_admin):
    spool = a_spool(1000)
    consumption.use(spool, by=None, grams=300)
    a_run((spool, 200))
    text = text_of(at_admin.get(LIST))
    assert "700 g remaining, 200 g reserved, 300 g gone" in text
    assert '<rect class="free" width="50.00" height="10"/>' in text
    assert '<rect class="claimed" x="50.00" width="20.00" height="10"/>' in text


def test_the_shelf_takes_the_same_queries_for_1_spool_and_for_30(at_admin):
    def queries():
        return queries_of(lambda: at_admin.get(LIST))

    a_spool()
    queries()
    at_one = queries()
    for _ in range(29):
        a_spool()
    assert queries() == at_one


def test_spools_are_narrowed(at_admin):
    dry_box = Location.objects.create(name="Dry box")
    asa = a_filament("Coal", material_type=a_material_type("ASA"))
    mine = a_spool(filament=asa, lot_number="L-7", location=dry_box)
    low, gone = a_spool(100), a_spool()
    consumption.use(low, by=None, grams=90)
    shelf.archive(gone, by=None, discard=False)
    assert codes(at_admin) == {mine.code, low.code}
    assert codes(at_admin, "shelf=low") == {low.code}
    assert codes(at_admin, "shelf=archived") == {gone.code}
    assert codes(at_admin, "shelf=all") == {mine.code, low.code, gone.code}
    assert codes(at_admin, f"material_type={asa.material_type_id}") == {mine.code}
    assert codes(at_admin, f"location={dry_box.pk}") == {mine.code}
    for words in (mine.code[:4].lower(), "l-7", "coal asa"):
        assert codes(at_admin, f"q={words}") == {mine.code}


def test_the_page_has_the_ledger_with_its_runs_and_the_runs_that_claim_it(at_admin):
    spool = a_spool()
    run = a_running_run((spool, 30))
    completion.complete(run, by=None, as_planned=True)
    claim = a_run((spool, 50))
    text = text_of(at_admin.get(page(spool)))
    assert text.count(f'href="/admin/production/productionrun/{run.pk}/change/"') == 2
    assert claim.number in text


def test_a_description_is_changed_and_nothing_else(at_admin):
    spool = a_spool(500)
    consumption.use(spool, by=None, grams=20)
    form = fields(at_admin.get(page(spool))) | {
        "lot_number": "B-9",
        "remaining_grams": "9999",
        "reserved_grams": "1",
        "initial_grams": "1",
        "code": "AAAAAAAAA",
        "archived_at": "2026-01-01",
    }
    before = Spool.objects.values().get()
    assert at_admin.post(page(spool), form).status_code == 302
    after = Spool.objects.values().get()
    assert {name for name in after if after[name] != before[name]} == {"lot_number", "version"}


def test_a_description_of_what_somebody_else_changed_is_refused(at_admin):
    spool = a_spool()
    form = fields(at_admin.get(page(spool))) | {"lot_number": "mine"}
    shelf.describe(spool, by=None, lot_number="theirs")
    assert "read it again" in text_of(at_admin.post(page(spool), form))
    assert fresh(spool).lot_number == "theirs"


# --- The verbs ---------------------------------------------------------------------------------


def test_a_weight_is_shown_as_a_count_and_then_posted(at_admin, operator):
    spool = a_spool(1000)  # on a reel of 200 g
    seen, done = carry_out(at_admin, page(spool, "weigh"), gross_grams="1195")
    assert "1000 → 995" in text_of(seen)
    assert done.status_code == 302
    entry = spool.transactions.latest("pk")
    assert (entry.kind, entry.grams, entry.performed_by, entry.source) == (
        "count",
        -5,
        operator,
        "admin",
    )


def test_a_weight_that_can_hardly_be_is_confirmed(at_admin):
    spool, url = a_spool(1000), None
    url = page(spool, "weigh")
    answer = at_admin.post(url, fields(at_admin.get(url)) | {"gross_grams": "600"})
    assert 'name="confirm"' in text_of(answer)
    assert 'value="600"' in text_of(answer)
    carry_out(at_admin, url, gross_grams="600", confirm="on")
    assert fresh(spool).remaining_grams == 400


def test_the_weight_of_a_spool_that_prints_is_kept_for_its_run(at_admin):
    spool = a_spool(1000)
    run = a_running_run((spool, 100))
    seen, _ = carry_out(at_admin, page(spool, "weigh"), gross_grams="1110")
    assert "1110 g are saved as its weight after the print" in text_of(seen)
    assert run.materials.get().gross_after_grams == 1110
    assert fresh(spool).remaining_grams == 1000


def test_filament_is_used_wasted_and_adjusted(as_manager):
    spool = a_spool(1000)
    carry_out(as_manager, page(spool, "use"), grams="10", reason="sample")
    carry_out(as_manager, page(spool, "waste"), gross_after_grams="1170")
    carry_out(as_manager, page(spool, "adjust"), grams="-5.5", reason="spilt")
    entries = spool.transactions.order_by("pk").values_list("kind", "grams")[1:]
    assert list(entries) == [
        ("usage", -10),
        ("waste", -20),
        ("adjustment", Decimal("-5.5")),
    ]


def test_more_than_there_is_is_refused_and_what_was_typed_stays(at_admin):
    spool, url = a_spool(100), None
    url = page(spool, "use")
    answer = at_admin.post(url, fields(at_admin.get(url)) | {"grams": "150", "note": "a big one"})
    assert "Not enough filament" in text_of(answer)
    assert 'value="150"' in text_of(answer)
    assert "a big one" in text_of(answer)


def test_a_spool_is_moved_archived_and_restored(at_admin):
    spool, place = a_spool(100), Location.objects.create(name="Dry box")
    seen, _ = carry_out(at_admin, page(spool, "move"), location=place.pk)
    assert "→ Dry box" in text_of(seen)
    assert fresh(spool).location == place
    url = page(spool, "archive")
    answer = at_admin.post(url, fields(at_admin.get(url)))
    assert answer.context["form"].errors["discard"] == ["Discard it or keep it?"]
    carry_out(at_admin, url, discard="yes")
    assert (fresh(spool).is_archived, fresh(spool).remaining_grams) == (True, 0)
    url = page(spool, "restore")
    at_admin.post(url, fields(at_admin.get(url)) | {"_do": "1"})
    assert not fresh(spool).is_archived


def test_what_happened_is_told_by_the_farms_clock(at_admin):
    opened = datetime(2024, 3, 1, 23, 30, tzinfo=UTC)
    spool = a_spool(at=opened - timedelta(days=1))
    shelf.open(spool, by=None, at=opened)
    shelf.move(spool, location=Location.objects.create(name="Dry box"), by=None)
    text = without_labels(text_of(at_admin.get(page(spool))))
    assert "Opened</td><td>–</td><td>2 Mar 2024, 00:30</td>" in text
    assert "Moved</td><td>–</td><td>Dry box</td>" in text
    assert "2 Mar 2024, 00:30" in text_of(at_admin.get("/admin/inventory/spoolevent/"))


def test_an_event_whose_text_is_no_moment_is_shown_as_it_is(at_admin):
    """No service writes one; a farm that is restored from a file may have it."""
    spool, verbs = a_spool(), (SpoolEvent.Verb.OPENED, SpoolEvent.Verb.DRIED)
    texts = ["soon", "2024-03-01T23:30", "0001-01-01T00:00+14:00"]
    for before, after in zip(texts, [*texts[1:], ""], strict=True):
        for verb in verbs:
            spool.events.create(verb=verb, before=before, after=after, at=spool.created_at)
    events = spool.events.order_by("-pk")
    for address in ("/admin/inventory/spoolevent/", page(spool)):
        text = without_labels(text_of(at_admin.get(address)))
        assert all(text.count(each) == 4 for each in texts[1:]), text
        assert text.count("soon") == 2
    address = reverse("admin:inventory_spoolevent_change", args=[events[0].pk])
    assert texts[-1] in text_of(at_admin.get(address))


def test_several_are_moved_together(at_admin):
    chosen, place = [a_spool(), a_spool()], Location.objects.create(name="Dry box")
    form = {"action": "do_move", "_selected_action": [spool.pk for spool in chosen]}
    seen = at_admin.post(LIST, form)
    form |= {"location": place.pk, "_seen": seen.context["seen"]}
    seen = at_admin.post(LIST, form)
    at_admin.post(LIST, form | {"_seen": seen.context["seen"], "_do": "1"})
    assert {fresh(spool).location for spool in chosen} == {place}


def test_a_delivery_is_received_at_once(at_admin):
    filament = a_filament()
    form = {"filament": filament.pk, "count": "4", "total_price": "70", "lot_number": "L-1"}
    assert at_admin.post(f"{LIST}receive/", form).status_code == 302
    assert list(Spool.objects.values_list("lot_number", "price")) == [("L-1", Decimal("17.5"))] * 4
    assert InventoryTransaction.objects.filter(kind="receipt", source="admin").count() == 4


def test_a_delivery_sent_twice_is_received_once(at_admin):
    page = f"{LIST}receive/"
    key = at_admin.get(page).context["key"]
    form = {"filament": a_filament().pk, "count": "2", "idempotency_key": key}
    assert [at_admin.post(page, form).status_code for _time in range(2)] == [302, 302]
    assert Spool.objects.count() == 2
    changed = at_admin.post(page, form | {"count": "3"})
    assert "This form was sent before, and done." in text_of(changed)
    assert Spool.objects.count() == 2


def test_a_delivery_that_can_not_be_says_why(at_admin):
    form = {"filament": a_filament().pk, "count": "2", "price": "20", "total_price": "40"}
    answer = at_admin.post(f"{LIST}receive/", form)
    assert answer.context["form"].errors["total_price"] == ["Either this or price."]
    assert 'value="40"' in text_of(answer)


def test_a_viewer_receives_nothing(farm_client, viewer):
    farm_client.force_login(viewer)
    assert farm_client.get(f"{LIST}receive/").status_code == 403
    assert farm_client.post(f"{LIST}receive/", {"count": "1"}).status_code == 403


# --- The ledger --------------------------------------------------------------------------------


def test_the_ledger_is_read_with_its_spools_and_runs(at_admin):
    spool = a_spool()
    run = a_running_run((spool, 30))
    completion.complete(run, by=None, as_planned=True)
    text = text_of(at_admin.get(LEDGER))
    assert "−30" in text
    assert run.number in text
    found = at_admin.get(f"{LEDGER}?run={run.number.lower()}&kind=usage").context["cl"]
    assert found.result_count == 1


def test_the_ledger_takes_the_same_queries_for_1_entry_and_for_30(at_admin):
    def queries():
        return queries_of(lambda: at_admin.get(LEDGER))

    a_spool()
    queries()
    at_one = queries()
    for _ in range(29):
        a_spool()
    assert queries() == at_one


def test_a_manager_reverses_an_entry_that_no_run_made(as_manager):
    spool = a_spool(100)
    entry = consumption.use(spool, by=None, grams=30)
    url = reverse("admin:inventory_inventorytransaction_do_reverse", args=[entry.pk])
    _, done = carry_out(as_manager, url, reason="never happened")
    assert done.status_code == 302
    assert fresh(spool).remaining_grams == 100


def test_an_entry_of_a_run_is_left_to_the_run(as_manager):
    run = a_running_run((a_spool(), 30))
    completion.complete(run, by=None, as_planned=True)
    entry = run.transactions.get()
    url = reverse("admin:inventory_inventorytransaction_do_reverse", args=[entry.pk])
    seen, _ = carry_out(as_manager, url, reason="wrong")
    assert "revert or correct the run instead" in text_of(seen)
    change = reverse("admin:inventory_inventorytransaction_change", args=[entry.pk])
    assert as_manager.get(change).context["buttons"] == []


def test_the_catalogue_takes_the_same_queries_for_1_and_for_20(at_admin):
    def queries():
        total = 0
        for name in ("filament", "materialtype", "manufacturer", "location"):
            with CaptureQueriesContext(connection) as captured:
                at_admin.get(f"/admin/inventory/{name}/")
            total += len(captured)
        return total

    a_spool()
    queries()
    at_one = queries()
    for number in range(19):
        a_spool(filament=a_filament(material_type=a_material_type(f"M{number}")))
        Location.objects.create(name=f"Shelf {number}")
    assert queries() == at_one
