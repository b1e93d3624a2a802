"""Every column that the sums are made of: who changes it, and what marks the day then."""

import pytest
from django.db import connection, transaction

from inventory.services.spools import revaluing, shelf
from production.models import FiguresMark
from production.services.reports.folded import REPORTS
from tests.factories import (
    a_filament,
    a_material_type,
    a_printer,
    a_product,
    a_running_run,
    a_spool,
)
from tests.production.completed_runs import completed

pytestmark = pytest.mark.usefixtures("farm")

# A change of the column is noticed by a trigger of its own table, whoever changes it.
NOTICED = {
    "production_productionrun": {
        *("status", "printer_id", "finished_at", "deleted_at"),
        *("planned_minutes", "actual_minutes", "actual_minutes_source"),
        *("hour_rate", "power_watts", "energy_price_kwh", "labour_rate"),
    },
    "production_runitem": {"product_id", "order_reference"},
    "production_runmaterial": {
        *("filament_id", "material_type_id", "planned_spool_filament_id", "spool_filament_id"),
    },
    "inventory_spool": {"filament_id", "late_cost_per_gram"},
    "inventory_filament": {"material_type_id", "merged_into_id"},
    "inventory_materialtype": {"family_id"},
}
# It changes together with the row of its run, by the verb of a run, or never.
WITH_ITS_RUN = {
    "production_productionrun": {"id", "created_at"},
    "production_runitem": {
        *("id", "run_id", "quantity", "planned_quantity", "good_count", "scrapped_count"),
        *("bom", "bom_grams_per_unit", "labour_minutes_per_unit"),
    },
    "production_runmaterial": {
        *("run_id", "spool_id", "planned_spool_id", "planned_grams", "planned_purge_grams"),
        *("planned_cost_per_gram", "actual_grams", "actual_purge_grams", "actual_source"),
    },
    "production_runevent": {"id", "run_id", "from_status", "to_status", "by_id"},
    # Rows of the ledger never change; new ones come with their run, or reverse others.
    "inventory_inventorytransaction": {
        *("id", "spool_id", "kind", "grams", "cost_per_gram", "production_run_id", "reverses_id"),
    },
    "inventory_spool": {"id"},
    "inventory_filament": {"id"},
    "inventory_materialtype": {"id"},
}
RUNS = "SELECT id FROM production_productionrun WHERE deleted_at IS NULL"
USED = """
    SELECT DISTINCT table_name, column_name FROM information_schema.view_column_usage
    WHERE view_schema = current_schema() AND view_name = 'folded'
"""


def test_these_are_all_columns_that_the_sums_are_made_of():
    found = {}
    for report in REPORTS:
        for part in report.daily():
            for table, column in columns_of(part.statement):
                found.setdefault(table, set()).add(column)
    tables = NOTICED.keys() | WITH_ITS_RUN.keys()
    known = {table: NOTICED.get(table, set()) | WITH_ITS_RUN.get(table, set()) for table in tables}
    assert found == known


def columns_of(statement):
    """The columns that a statement reads, as PostgreSQL itself notes them of a view."""
    statement = statement.replace("{runs}", RUNS)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE VIEW folded AS {statement}", {"timezone": "UTC"})
        cursor.execute(USED)
        found = cursor.fetchall()
        cursor.execute("DROP VIEW folded")
    return found


def a_closed_run():
    spool = a_spool()
    run = a_running_run((spool, 10), items=[(a_product(grams=5), 2)])
    return completed(run, good=[2], grams=[11]), spool


# Another value of a column that is noticed.
VALUES = {
    "status": "'failed'",
    "finished_at": "finished_at + interval '1 second'",
    "deleted_at": "now()",
    "planned_minutes": "17",
    "actual_minutes": "18",
    "actual_minutes_source": "'percent'",
    "hour_rate": "3",
    "power_watts": "100",
    "energy_price_kwh": "0.5",
    "labour_rate": "12",
    "late_cost_per_gram": "0.03",
    "order_reference": "'SO-1'",
}
# What changes with it, or a constraint refuses it.
TOGETHER = {
    ("production_productionrun", "actual_minutes"): ", actual_minutes_source = 'typed'",
    ("production_productionrun", "actual_minutes_source"): ", actual_minutes = 18",
    ("production_runmaterial", "material_type_id"): ", filament_id = NULL",
    ("inventory_filament", "merged_into_id"): ", removed_at = now()",
}
AN_ID = "(SELECT max(id) FROM {0})"
IDS = {
    "printer_id": "production_printer",
    "product_id": "production_product",
    "material_type_id": "inventory_materialtype",
    "family_id": "inventory_materialtype",
}
CHANGES = [(table, column) for table, columns in NOTICED.items() for column in sorted(columns)]


@pytest.mark.parametrize(("table", "column"), CHANGES)
def test_whoever_changes_a_column_marks_the_day_of_the_run(table, column):
    run, spool = a_closed_run()
    a_printer(), a_product(), a_filament("Other", material_type=a_material_type("ABS"))
    rows = {
        "inventory_spool": spool.pk,
        "inventory_filament": spool.filament_id,
        "inventory_materialtype": spool.filament.material_type_id,
        "production_productionrun": run.pk,
        "production_runitem": run.items.get().pk,
        "production_runmaterial": run.materials.get().pk,
    }
    value = VALUES.get(column) or AN_ID.format(IDS.get(column, "inventory_filament"))
    more = TOGETHER.get((table, column), "")
    FiguresMark.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = {value}{more} WHERE id = %s", [rows[table]])
    ends = set(FiguresMark.objects.values_list("ended_at", flat=True))
    assert run.finished_at in ends


def test_a_reversal_of_an_entry_marks_the_day_of_its_run():
    run, spool = a_closed_run()
    FiguresMark.objects.all().delete()
    spool.filament.price = 90
    spool.filament.save()
    revaluing.revalue(spool, by=None)
    assert [mark.ended_at for mark in FiguresMark.objects.all()] == [run.finished_at]


def test_what_concerns_no_closed_run_marks_nothing():
    """The verbs of a print until it is closed, and of a shelf."""
    spool = a_spool()
    run = a_running_run((spool, 10), items=[(a_product(grams=5), 2)])
    shelf.describe(spool, by=None, lot_number="L-7")
    assert not FiguresMark.objects.exists()
    run = completed(run, good=[2], grams=[11])
    assert [mark.ended_at for mark in FiguresMark.objects.all()] == [run.finished_at]
