"""What people do to spools on any day."""

from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from inventory.models import InventoryTransaction, Spool
from inventory.services import receiving, returning, reversing
from inventory.services.spools import consumption, scale, shelf
from tests.production.any_day import model
from tests.production.any_day import model_shelf as verbs
from tests.production.any_day.day import STAGE, Day, pick, row
from tests.production.any_day.strategies import at_times, grams, mostly, number, seldom


class OnTheShelf(Day):
    """Spools come, are weighed, used by hand, tended; entries are reversed."""

    def add_spool(self, filament, net, price):
        spool = receiving.receive(
            filament=STAGE.catalogue[filament.key], initial_grams=net, price=price, by=None
        )
        verbs.receive(self.farm, model.Spool(filament, net, pk=spool.pk))

    @precondition(lambda self: len(self.farm.spools) < 7)
    @rule(
        filament=st.integers(0, 2),
        net=st.sampled_from([Decimal(100), Decimal(250), Decimal("777.77"), Decimal(1000)]),
        price=st.sampled_from([None, Decimal("19.99")]),
    )
    def receive(self, filament, net, price):
        self.add_spool(STAGE.filaments[filament], net, price)

    @rule(
        spool=number,
        off=st.sampled_from([Decimal(each) for each in ("0", "-3", "-20.5", "5", "-60", "80")]),
        confirm=mostly,
        moment=st.sampled_from([None, None, 0, 1, 2]),
        basis=st.sampled_from([None, "now", "then", "then"]),
    )
    def weigh(self, spool, off, confirm, moment, basis):
        spool = self.some_spool(spool)
        at, had = self.moment(moment)
        seen = had and had.get(spool.pk, (Decimal(0), 0))
        gross = max(spool.remaining + (spool.filament.tare or 0) + off, Decimal(0))
        self.both(
            lambda farm: verbs.weigh(
                farm, spool.pk, gross=gross, seen=seen, basis=basis, confirm=confirm
            ),
            lambda: scale.weigh(
                row(Spool, spool.pk),
                gross_grams=gross,
                weighed_at=at,
                basis=basis,
                confirm=confirm,
                by=None,
            ),
        )

    @precondition(at_times(lambda day: True))
    @rule(
        spool=number,
        kind=st.sampled_from(["usage", "waste"]),
        amount=grams,
        by_scale=st.booleans(),
        confirm=seldom,
        moment=st.sampled_from([None, None, None, 0]),
    )
    def take_by_hand(self, spool, kind, amount, by_scale, confirm, moment):
        spool = self.some_spool(spool)
        verb = consumption.use if kind == "usage" else consumption.waste
        gross = max(spool.remaining + (spool.filament.tare or 0) - amount, Decimal(0))
        what = {"gross_after_grams": gross} if by_scale else {"grams": amount}
        at, had = self.moment(moment)
        entries = sum(entry.spool == spool.pk for entry in self.farm.ledger)
        is_back_dated = bool(at) and had.get(spool.pk, (0, 0))[1] != entries
        done = self.both(
            lambda farm: verbs.take(
                farm,
                spool.pk,
                kind,
                grams=None if by_scale else amount,
                gross=gross if by_scale else None,
                confirm=confirm,
                is_back_dated=is_back_dated,
            ),
            lambda: verb(row(Spool, spool.pk), by=None, confirm=confirm, at=at, **what),
        )
        if done and at:
            self.moments = []  # its entry is as old as the moment: not after it

    @precondition(at_times(lambda day: True))
    @rule(
        spool=number,
        what=st.sampled_from(
            ["adjust", "adjust", "empty", "archive", "archive", "return", "restore"]
        ),
        amount=st.sampled_from([Decimal(each) for each in ("-30", "0", "12.34", "60")]),
        answer=st.sampled_from([None, False, True]),
    )
    def tend(self, spool, what, amount, answer):
        """``answer`` is the confirmation, if the verb needs one."""
        stock = self.farm.spools.values()
        fitting = {
            "archive": [each for each in stock if not each.reserved],
            "return": [each for each in stock if not each.reserved and each.remaining],
            "restore": [each for each in stock if each.is_archived],
        }.get(what)
        pk = (pick(fitting, spool) if fitting and spool < 11 else self.some_spool(spool)).pk
        expected, real = {
            "adjust": (
                lambda farm: verbs.adjust(farm, pk, grams=amount),
                lambda spool: consumption.adjust(spool, grams=amount, reason="A slip", by=None),
            ),
            "empty": (
                lambda farm: verbs.empty(farm, pk, as_="count", confirm=answer),
                lambda spool: consumption.empty(spool, confirm=answer, by=None),
            ),
            "archive": (
                lambda farm: verbs.archive(farm, pk, discard=answer),
                lambda spool: shelf.archive(spool, discard=answer, by=None),
            ),
            "return": (
                lambda farm: verbs.send_back(farm, pk),
                lambda spool: returning.return_spool(spool, by=None),
            ),
            "restore": (
                lambda farm: verbs.restore(farm, pk),
                lambda spool: shelf.restore(spool, by=None),
            ),
        }[what]
        self.both(expected, lambda: real(row(Spool, pk)))

    @precondition(at_times(lambda day: True))
    @rule(which=st.integers(0, 200), confirm=st.booleans(), newest=st.booleans())
    def reverse(self, which, confirm, newest):
        ledger = self.farm.ledger
        of_nobody = [at for at, entry in enumerate(ledger) if entry.run is None]
        at = of_nobody[-1] if newest else which % len(ledger)
        self.both(
            lambda farm: verbs.reverse(farm, at, confirm=confirm),
            lambda: reversing.reverse(
                row(InventoryTransaction, ledger[at].pk),
                reason="A slip",
                confirm=confirm,
                by=None,
            ),
        )
