"""Filaments that are merged while others name the double; as in `races_for_filament`."""

from decimal import Decimal

from inventory.models import Filament
from inventory.services import filament_merging, receiving
from inventory.services.doubles import FilamentMerged
from inventory.services.spools import retyping
from production.models import BomLine, RunMaterial
from production.services import products
from production.services.runs import lifecycle, lines
from production.services.runs.lines import NewItem, NewMaterial
from tests.factories import a_filament, a_product, a_spool
from tests.production.verbs.stories import a_double
from tests.queries import fresh
from tests.responses import refusals


def receipt(receive, **fields):
    """What is received of the double at that moment is of the filament."""
    filament, double = a_double()

    def judge(results):
        assert refusals(results) == []
        assert not double.spools.exists()
        assert filament.spools.count() == 1

    return [
        lambda: filament_merging.merge(filament, double=double, reason="A bridge", by=None),
        lambda: receive(filament=double, by=None, **fields),
    ], judge


def merge_filaments_and_receive():
    return receipt(receiving.receive)


def merge_filaments_and_receive_stated():
    return receipt(receiving.receive_stated)


def merge_filaments_and_receive_many():
    return receipt(receiving.receive_many, count=1)


def merge_filaments_and_retype():
    """A spool that is said to be of the double at that moment is of the filament."""
    filament, double = a_double()
    spools = [a_spool(filament=double), a_spool()]

    def judge(results):
        assert refusals(results) == []
        assert {fresh(spool).filament_id for spool in spools} == {filament.pk}

    return [
        lambda: filament_merging.merge(filament, double=double, reason="A bridge", by=None),
        lambda: retyping.retype(spools[1], filament=double, by=None),
    ], judge


def merge_filaments_and_name():
    """A bill of materials that names the double at that moment names the filament."""
    filament, double = a_double()
    line = {"product": a_product(), "filament": double, "grams_per_unit": 5}

    def judge(results):
        assert refusals(results) == []
        assert BomLine.objects.get(product=line["product"]).filament_id == filament.pk

    return [
        lambda: filament_merging.merge(filament, double=double, reason="A bridge", by=None),
        lambda: products.create(BomLine, **line, material_type=double.material_type, by=None),
    ], judge


def asking(filament, double, ask):
    """A line that asks for the double at that moment asks for the filament."""

    def judge(results):
        assert refusals(results) == []
        line = RunMaterial.objects.get()
        assert line.filament_id == filament.pk
        assert line.spool_id is None or line.spool.filament_id == filament.pk

    return [
        lambda: filament_merging.merge(filament, double=double, reason="A bridge", by=None),
        ask,
    ], judge


def merge_filaments_and_plan():
    filament, double = a_double()
    materials = [NewMaterial(filament=double, planned_grams=Decimal(5))]
    return asking(filament, double, lambda: lifecycle.create(materials=materials, by=None))


def merge_filaments_and_add_a_material():
    filament, double = a_double()
    run = lifecycle.create(items=[NewItem(product=a_product(), quantity=1)], by=None)
    ask = {"filament": double, "planned_grams": Decimal(5), "by": None}
    return asking(filament, double, lambda: lines.add_material(run, **ask))


def merge_filaments_and_change_a_material():
    filament, double = a_double()
    materials = [NewMaterial(filament=a_filament(), planned_grams=Decimal(5))]
    line = lifecycle.create(materials=materials, by=None).materials.get()
    return asking(filament, double, lambda: lines.change_material(line, filament=double, by=None))


def merge_filaments_either_way():
    first, second = a_double()
    a_spool(filament=first)

    def judge(results):
        assert refusals(results) == [FilamentMerged]
        assert Filament.objects.present().filter(pk__in=(first.pk, second.pk)).count() == 1
        assert Filament.objects.get(merged_into__isnull=False).spools.count() == 0

    return [
        lambda: filament_merging.merge(first, double=second, reason="A bridge", by=None),
        lambda: filament_merging.merge(second, double=first, reason="A bridge", by=None),
    ], judge


RACES = [
    merge_filaments_and_receive,
    merge_filaments_and_receive_stated,
    merge_filaments_and_receive_many,
    merge_filaments_and_retype,
    merge_filaments_and_name,
    merge_filaments_and_plan,
    merge_filaments_and_add_a_material,
    merge_filaments_and_change_a_material,
    merge_filaments_either_way,
]
