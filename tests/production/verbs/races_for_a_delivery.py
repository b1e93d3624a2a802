"""A delivery is taken back while somebody does something with one of its spools."""

from decimal import Decimal

from inventory.models import Spool
from inventory.services import receiving
from inventory.services.ledger import InsufficientInventory, SpoolArchived
from inventory.services.spools import scale, shelf
from production.models import RunMaterial
from production.services.overrides import NothingToUndo
from production.services.printing import slots
from production.services.runs import lifecycle
from production.services.runs.lines import NewMaterial
from production.services.undo import receipts
from tests.factories import a_filament, a_slot
from tests.responses import refusals

REFUSED = (SpoolArchived, InsufficientInventory)


def against(verb):
    """Either all of the delivery goes, or the verb was faster and all of it stays."""
    delivery = receiving.receive_many(filament=a_filament(), count=3, by=None)
    receipt = delivery[0].transactions.get()

    def judge(results):
        (refused,) = refusals(results)
        is_back = isinstance(results[1], Exception)
        assert refused in REFUSED if is_back else refused is NothingToUndo
        gone = Spool.objects.filter(archived_at__isnull=False, remaining_grams=0).count()
        assert gone == (3 if is_back else 0)
        assert not (is_back and RunMaterial.objects.exists())

    work = verb(delivery[1])
    return [lambda: receipts.undo_receipt(receipt, by=None), work], judge


def undo_receipt_and_weigh():
    return against(lambda spool: lambda: scale.weigh(spool, gross_grams=1190, by=None))


def undo_receipt_and_open():
    return against(lambda spool: lambda: shelf.open(spool, by=None))


def undo_receipt_and_load():
    slot = a_slot()
    return against(lambda spool: lambda: slots.load(spool, slot=slot, by=None))


def undo_receipt_and_create():
    def create(spool):
        material = NewMaterial(spool=spool, planned_grams=Decimal(10))
        return lambda: lifecycle.create(by=None, materials=[material])

    return against(create)


RACES = [
    undo_receipt_and_weigh,
    undo_receipt_and_open,
    undo_receipt_and_load,
    undo_receipt_and_create,
]
