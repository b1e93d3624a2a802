"""Whatever verb changes a closed run, or what its figures are made of: its day is marked."""

from contextlib import suppress
from datetime import timedelta

import pytest

from inventory.models import Spool
from production.models import ProductionRun
from tenants.operations.refusals import Refusal
from tests.factories import a_product
from tests.production.completed_runs import printed
from tests.production.folded.comparing import fold, wrong
from tests.production.test_verbs_roll_back import VERBS

AGO = timedelta(days=40)
pytestmark = [pytest.mark.usefixtures("farm"), pytest.mark.deep]


@pytest.mark.parametrize("arrange", VERBS.values(), ids=VERBS.keys())
@pytest.mark.parametrize("uses_all", [True, False])
def test_after_a_verb_no_day_that_is_kept_is_wrong(arrange, uses_all):
    """Of the farm as the verb finds it, and where closed runs took from all spools that it has."""
    do = arrange()
    if uses_all:
        use_all()
    if not ProductionRun.objects.closed().exists():
        pytest.skip("nothing is kept")
    fold()
    with suppress(*([Refusal] if uses_all else [])):
        do()
    assert not wrong()


def use_all():
    """Runs of another month: what marks the day of one run must not hide that another is missed."""
    for spool in Spool.objects.on_shelf().present():
        with suppress(Refusal):
            run = printed((spool, 1), items=[(a_product(grams=1), 1)])
            before = {name: getattr(run, name) - AGO for name in ("started_at", "finished_at")}
            ProductionRun.objects.filter(pk=run.pk).update(**before)
