"""Any day on the farm: hypothesis does what people do, in any order (`rules_*`), and a farm in
plain Python predicts the result (`model`, and its verbs in `model_*`).

After every step all invariants hold, and every balance, claim, status, line and ledger entry is
what the model says. `tests.budgets` has the number of days, and of their steps.
"""

from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, run_state_machine_as_test

from inventory.services import invariants as of_inventory
from production.models import Reason
from production.services import invariants
from tests import budgets
from tests.factories import a_filament, a_material_type, a_printer, a_product
from tests.production.any_day import model
from tests.production.any_day.day import STAGE
from tests.production.any_day.rules_closed import Closed
from tests.production.any_day.rules_plans import Plans
from tests.production.any_day.rules_prints import Prints
from tests.production.any_day.rules_shelf import OnTheShelf
from tests.production.any_day.strategies import seldom


class AnyDay(OnTheShelf, Plans, Prints, Closed):
    """Rules are what people do, on a farm that is already at work."""

    @initialize(first=st.integers(0, 2), busy=st.integers(0, 3), quantity=seldom)
    def open_the_farm(self, first, busy, quantity):
        for filament, net in ((first, 1000), (first, 250), (0, 500)):
            self.add_spool(STAGE.filaments[filament], Decimal(net), None)
        words = {"by": "operator", "override": "", "quantity": 3 if quantity else 0}
        for at in range(busy):
            takes = [(at, Decimal(60), Decimal("2.5"), "spool")]
            takes += [(at + 1, Decimal(30), Decimal(0), "spool")] * (busy > 1)
            self.create(takes=takes, printer=at == 0, **words)
        for _ in range(busy):
            self.start(run=0, spool=0, cleared=True, swaps=False, by="operator", override="")
        if busy == 1:
            way = ("typed", Decimal("0.6"), False)
            words = {"way": way, "is_empty": False, "by": None, "override": ""}
            self.swap_spool(run=0, line=0, spool=0, **words)


@pytest.fixture
def filaments_and_printer(farm, manager, operator):
    """Three filaments, two of one type and one whose reel nobody has weighed; a printer."""
    pla, petg = a_material_type(), a_material_type("PETG")
    catalogue = [
        a_filament("Galaxy", material_type=pla),
        a_filament("Unpriced", material_type=pla, price=None, tare_grams=Decimal("182.5")),
        a_filament("Loose", material_type=petg, tare_grams=None, price=None),
    ]
    STAGE.catalogue = {filament.pk: filament for filament in catalogue}
    STAGE.types = {kind.pk: kind for kind in (pla, petg)}
    STAGE.filaments = [
        model.Filament(each.pk, each.material_type_id, each.tare_grams) for each in catalogue
    ]
    STAGE.people = {"manager": manager, "operator": operator}
    STAGE.printer, STAGE.product = a_printer(), a_product()
    STAGE.reason = Reason.objects.get(kind="failure", code="nozzle_clog")


FUNCTION = """
CREATE FUNCTION broken_invariants() RETURNS SETOF text LANGUAGE plpgsql AS
$$ BEGIN RETURN QUERY %s; END $$
"""


@pytest.fixture
def broken_invariants(farm):
    """A function that names the invariants that some row breaks: its plan is made once."""
    queries = of_inventory.INVARIANTS | invariants.INVARIANTS
    names = " UNION ALL ".join(
        f"SELECT '{name}' WHERE EXISTS ({query})" for name, query in queries.items()
    )
    with connection.cursor() as cursor:
        cursor.execute(FUNCTION % names)
        yield


def live_through(days, *, of, steps, seeded, shrink=budgets.SHRINK):
    """So many random days of a kind, the same for the same seed."""
    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)
    run_state_machine_as_test(
        seed(seeded)(type(of.__name__, (of,), {})),
        settings=settings(
            max_examples=days,
            stateful_step_count=steps,
            deadline=None,
            print_blob=True,
            phases=phases,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("seeded", budgets.DAY_SEEDS)
@pytest.mark.usefixtures("filaments_and_printer", "broken_invariants")
def test_any_day_on_the_farm_the_books_are_right(seeded):
    live_through(budgets.DAYS, of=AnyDay, steps=budgets.STEPS, seeded=seeded)
