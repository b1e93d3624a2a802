"""Farms to measure on: made once in the data folder of the benchmarks, filled by plain SQL."""

from django.db import connection, transaction
from django_tenants.utils import tenant_context

from tenants.farms import services
from tenants.models import Tenant
from tenants.schemas import prepare

# 20 products of two materials; every run takes two spools and makes two products.
FILL = """
INSERT INTO inventory_materialtype (code, name, density_g_cm3, is_abrasive)
    VALUES ('PLA', 'PLA', 1.24, false), ('PETG', 'PETG', 1.27, false);
INSERT INTO inventory_filament (material_type_id, name, color_name, color_hex, multi_color_hexes,
        multi_color_direction, diameter_mm, density_g_cm3, net_grams, price, article_number, gtin,
        comment, is_active)
    SELECT 1 + n %% 2, 'Filament ' || n, '', '', '{}', '', 1.75, 1.24, 1000, 20, '', '', '', true
    FROM generate_series(1, 40) n;
INSERT INTO inventory_spool (code, filament_id, initial_grams, remaining_grams, reserved_grams,
        lot_number, supplier, received_on, needs_weighing, comment, version, last_entry_at)
    SELECT lpad(n::text, 9, '0'), 1 + n %% 40, 1000000, 1000000, 0, '', '', '2026-01-01', false,
        '', 1, '2026-01-01Z' FROM generate_series(1, %(spools)s) n;
INSERT INTO inventory_inventorytransaction (spool_id, kind, grams, balance_grams, cost_per_gram,
        reason, note, source, performed_by_name, occurred_at, created_at)
    SELECT n, 'receipt', 1000000, 1000000, 0.02, '', '', 'system', '', '2026-01-01Z', '2026-01-01Z'
    FROM generate_series(1, %(spools)s) n;
INSERT INTO production_printer (name, manufacturer, model, bed_x_mm, bed_y_mm, bed_z_mm,
        nozzle_diameter_mm, has_hardened_nozzle, needs_clearing, is_active, code, notes)
    SELECT 'Printer ' || n, '', '', 256, 256, 256, 0.4, false, false, true,
        'P' || lpad(n::text, 8, '0'), ''
    FROM generate_series(1, 60) n;
INSERT INTO production_product (sku, name, description, is_active)
    SELECT 'SKU-' || n, 'Part ' || n, '', true FROM generate_series(1, 20) n;
INSERT INTO production_productionrun (number, status, printer_id, plate_count, priority,
        started_at, finished_at, planned_minutes, actual_minutes, notes, hour_rate, power_watts,
        energy_price_kwh, labour_rate, created_at, updated_at, version)
    SELECT 'BNCH-' || n, 'completed', 1 + n %% 60, 1, 0, t, t + interval '2 hours', 120,
        110 + n %% 20, '', 2, 120, 0.31, 30, t - interval '1 hour', t, 3
    FROM (SELECT n, '2026-01-01Z'::timestamptz + n * interval '5 minutes' AS t
          FROM generate_series(1, %(runs)s) n) moments;
INSERT INTO production_runitem (run_id, product_id, quantity, planned_quantity, good_count,
        scrapped_count, bed_position, order_reference, bom_grams_per_unit, labour_minutes_per_unit)
    SELECT n, 1 + (n + k) %% 20, 5, 5, 5 - n %% 2, n %% 2, '', '', 10 + k, 2
    FROM generate_series(1, %(runs)s) n, generate_series(0, 1) k;
INSERT INTO production_runmaterial (run_id, filament_id, spool_id, planned_grams,
        planned_purge_grams, reserved_grams, actual_grams, actual_purge_grams, actual_source)
    SELECT n, 1 + spool %% 40, spool, 50, 2, 0, 49 + n %% 4, 2, 'typed'
    FROM generate_series(1, %(runs)s) n, generate_series(0, 1) k,
        LATERAL (SELECT 1 + (n + k) %% %(spools)s AS spool) chosen;
INSERT INTO inventory_inventorytransaction (spool_id, kind, grams, balance_grams, cost_per_gram,
        production_run_id, reason, note, source, performed_by_name, occurred_at, created_at)
    SELECT spool_id, 'usage', -(actual_grams + actual_purge_grams), 1000000 - sum(actual_grams
        + actual_purge_grams) OVER (PARTITION BY spool_id ORDER BY id), 0.02, run_id, '', '',
        'system', '', '2026-01-02Z', '2026-01-02Z' FROM production_runmaterial ORDER BY id;
UPDATE inventory_spool spool SET remaining_grams = (SELECT balance_grams
    FROM inventory_inventorytransaction WHERE spool_id = spool.id ORDER BY id DESC LIMIT 1);
"""


def filled(runs, spools=400):
    """The farm with so many completed runs, entered."""
    connection.set_schema_to_public()
    prepare.prepare()
    slug = f"bench-{runs}-{spools}"
    tenant = Tenant.objects.filter(slug=slug).first() or _made(slug, runs, spools)
    connection.set_tenant(tenant)
    return tenant


def _made(slug, runs, spools):
    tenant = services.add_farm(slug=slug, name="Benchmarks")
    with tenant_context(tenant), transaction.atomic(), connection.cursor() as cursor:
        for statement in FILL.split(";\n"):
            if statement.strip():
                cursor.execute(statement, {"runs": runs, "spools": spools})
    with tenant_context(tenant), connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return tenant
