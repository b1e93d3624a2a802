"""What is done with a spool on the shelf: moved, opened, dried, relabelled, archived, restored."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory import codes
from inventory.models import Location, Spool, SpoolEvent
from inventory.services import ledger
from inventory.services.ledger import SpoolArchived
from inventory.services.spools import consumption, shelf
from production.services.runs import lifecycle
from tenants.operations.refusals import Duplicate, Stale
from tenants.operations.text import format_moment
from tenants.operations.versions import expecting
from tests.factories import a_run, a_spool
from tests.queries import fresh, violations

pytestmark = pytest.mark.usefixtures("farm")

CODE = "0123ABCD" + codes.check_character("0123ABCD")
VERBS = {
    "move": lambda spool: shelf.move(
        spool, location=Location.objects.get_or_create(name="Dry box")[0], by=None
    ),
    "open": lambda spool: shelf.open(spool, by=None),
    "dry": lambda spool: shelf.dry(spool, by=None),
    "relabel": lambda spool: shelf.relabel(spool, by=None),
    "archive": lambda spool: shelf.archive(spool, by=None, discard=True),
}


def story(spool):
    return [(event.verb, event.before, event.after) for event in spool.events.all()]


def test_a_spool_is_moved_and_both_places_are_remembered(operator):
    box, rack = (Location.objects.create(name=name) for name in ("Dry box", "Rack"))
    spool = a_spool(location=box)
    moved = shelf.move(spool, location=rack, by=operator)
    assert (moved.location, fresh(spool).location) == (rack, rack)
    assert story(spool) == [("moved", "Dry box", "Rack")]
    event = spool.events.get()
    assert event.by == operator
    shelf.move(spool, location=None, by=operator)
    assert story(spool)[1:] == [("moved", "Rack", "")]
    assert fresh(spool).version == spool.version + 2


def test_a_spool_that_is_there_already_does_not_move():
    box = Location.objects.create(name="Dry box")
    spool = a_spool(location=box)
    assert shelf.move(spool, location=box, by=None).version == spool.version
    assert story(spool) == []


def test_a_spool_is_opened_once():
    spool = a_spool()
    yesterday = timezone.now() - timedelta(days=1)
    assert shelf.open(spool, by=None, at=yesterday).opened_at == yesterday
    assert spool.events.get().at == yesterday
    with pytest.raises(shelf.AlreadyOpened, match=format_moment(yesterday)):
        shelf.open(spool, by=None)
    assert fresh(spool).opened_at == yesterday


def test_a_spool_is_dried_as_often_as_it_takes():
    spool = a_spool()
    first = shelf.dry(spool, by=None).dried_at
    second = shelf.dry(spool, by=None).dried_at
    assert fresh(spool).dried_at == second
    assert story(spool)[1] == ("dried", first.isoformat(), second.isoformat())


def test_an_old_label_still_finds_its_spool():
    spool = a_spool()
    old = spool.code
    relabelled = shelf.relabel(spool, by=None)
    assert relabelled.code != old
    assert codes.is_valid(relabelled.code)
    assert story(spool) == [("relabelled", old, relabelled.code)]
    for code in (old, relabelled.code, relabelled.code.lower()):
        assert Spool.objects.labelled(code).get() == spool


def test_a_label_printed_already_may_be_stuck_on():
    spool = a_spool()
    assert shelf.relabel(spool, by=None, code=CODE.lower()).code == CODE
    assert shelf.relabel(spool, by=None, code=CODE).version == spool.version + 1


@pytest.mark.parametrize("code", ["", "0123ABCD", CODE[:-1] + "?", "x" * 500])
def test_a_mistyped_code_is_refused(code):
    with pytest.raises(shelf.InvalidSpoolCode):
        shelf.relabel(a_spool(), by=None, code=code)


def test_a_label_belongs_to_one_spool_now_and_later():
    spool, other = a_spool(), a_spool()
    old = other.code
    with pytest.raises(Duplicate) as refused:
        shelf.relabel(spool, by=None, code=other.code)
    assert list(refused.value.errors) == ["code"]
    shelf.relabel(other, by=None)
    with pytest.raises(Duplicate, match="belonged to"):
        shelf.relabel(spool, by=None, code=old)
    assert shelf.relabel(other, by=None, code=old).code == old


def test_what_is_thrown_away_with_a_spool_is_waste(operator):
    spool = a_spool(100)
    archived = shelf.archive(spool, by=operator, discard=True, note="Snapped")
    assert (archived.is_archived, archived.remaining_grams) == (True, 0)
    waste = spool.transactions.last()
    assert (waste.kind, waste.grams, waste.reason, waste.note) == (
        "waste",
        -100,
        "discarded",
        "Snapped",
    )
    assert story(spool) == [("archived", "", "0 g")]
    assert fresh(spool).version == spool.version + 1


def test_what_is_kept_with_a_spool_stays_in_its_book():
    spool = a_spool(100)
    shelf.archive(spool, by=None, discard=False)
    assert (fresh(spool).remaining_grams, spool.transactions.count()) == (100, 1)
    assert list(Spool.objects.on_shelf()) == []
    assert story(spool) == [("archived", "", "100 g")]


def test_somebody_says_what_becomes_of_the_rest():
    spool = a_spool(100)
    with pytest.raises(shelf.RemainderUndecided) as refused:
        shelf.archive(spool, by=None)
    assert refused.value.numbers["remaining_grams"] == 100
    consumption.empty(spool, by=None, confirm=True)
    assert shelf.archive(spool, by=None).is_archived


def test_a_spool_that_runs_count_on_stays(operator):
    spool = a_spool(100)
    a_run((spool, 30), by=operator)
    a_run((spool, Decimal("12.5")), by=operator)
    with pytest.raises(shelf.SpoolClaimed, match=r"42\.5 g") as refused:
        shelf.archive(spool, by=operator, discard=True)
    assert refused.value.numbers["reserved_grams"] == Decimal("42.5")
    assert not fresh(spool).is_archived


def test_a_spool_stays_also_while_a_run_claims_nothing_of_it(operator):
    spool = a_spool(100)
    run = a_run((spool, 0), by=operator)
    with pytest.raises(shelf.SpoolClaimed, match=run.number) as refused:
        shelf.archive(spool, by=operator, discard=False)
    assert refused.value.numbers["run_numbers"] == [run.number]
    lifecycle.delete(run, by=operator)
    assert shelf.archive(spool, by=operator, discard=False).is_archived


def test_a_spool_is_archived_once_and_restored_with_what_it_had():
    spool = a_spool(100)
    with pytest.raises(shelf.NotArchived):
        shelf.restore(spool, by=None)
    shelf.archive(spool, by=None, discard=False)
    with pytest.raises(shelf.AlreadyArchived):
        shelf.archive(spool, by=None, discard=True)
    restored = shelf.restore(spool, by=None)
    assert (restored.archived_at, restored.remaining_grams) == (None, 100)
    assert [event.verb for event in spool.events.all()] == ["archived", "restored"]
    assert fresh(spool).version == spool.version + 2


@pytest.mark.parametrize("name", sorted(VERBS.keys() - {"archive"}))
def test_an_archived_spool_is_left_alone(name):
    spool = shelf.archive(a_spool(100), by=None, discard=False)
    with pytest.raises(SpoolArchived):
        VERBS[name](spool)
    assert fresh(spool).version == spool.version


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_nothing_has_changed_when_the_last_write_fails(verb, monkeypatch):
    spool = a_spool(100)
    monkeypatch.setattr(SpoolEvent.objects, "create", lambda **fields: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        verb(spool)
    assert vars_of(fresh(spool)) == vars_of(spool)
    assert spool.transactions.count() == 1


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_nothing_has_changed_when_the_balances_can_not_be_written(verb, monkeypatch):
    spool = a_spool(100)
    monkeypatch.setattr(ledger, "write", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        verb(spool)
    assert vars_of(fresh(spool)) == vars_of(spool)
    assert story(spool) == []


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_every_verb_moves_the_version_by_one_and_leaves_one_event(verb):
    spool = a_spool(100)
    assert verb(spool).version == fresh(spool).version == spool.version + 1
    assert spool.events.count() == 1
    assert violations() == []


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_who_expects_another_version_is_refused(verb):
    spool = a_spool(100)
    with expecting({spool.version + 1}), pytest.raises(Stale):
        verb(spool)
    assert story(spool) == []


def test_a_description_that_moves_a_spool_is_told_like_any_move(operator):
    box = Location.objects.create(name="Dry box")
    spool = a_spool()
    described = shelf.describe(spool, by=operator, location=box, comment="Smells of solder")
    assert (described.location, described.version) == (box, spool.version + 1)
    assert story(spool) == [("moved", "", "Dry box")]
    assert shelf.describe(spool, by=operator, location=box).version == spool.version + 1


def vars_of(spool):
    return {name: value for name, value in vars(spool).items() if not name.startswith("_")}
