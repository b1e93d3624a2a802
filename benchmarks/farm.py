"""A farm of five years to measure on, or to look at: 60 printers, 300 products.

python -m benchmarks.farm [--catalogue FILE] [--spools 4000] [--runs 100000]

The catalogue is a filaments.json of SpoolmanDB; by default the sample of the demo farm. The farm
is made once in a data folder, and passes ``manage.py verify_ledger``.
"""

import argparse
import os
from pathlib import Path

import django

SAMPLE = Path(__file__).resolve().parent.parent / "inventory" / "samples" / "filaments.json"

PASSWORD = "spools-since-2021"
MOST_FOLDED = 200_000  # runs: a step takes seconds where there are more
UNFINISHED = "Unfinished"
MANY = 20_000  # runs: faster without indexes, triggers and foreign keys
TABLES = """
    SELECT string_agg(c.oid::regclass::text, ', ') FROM pg_class c
    WHERE relnamespace = to_regnamespace(%s) AND relkind = 'r' AND pg_relation_size(c.oid) > 0
"""
# What to do without meanwhile, as statements to remove it and to make it again.
CHECKS = """
    SELECT format('ALTER TABLE %%s DISABLE TRIGGER USER', tgrelid::regclass),
        format('ALTER TABLE %%s ENABLE TRIGGER USER', tgrelid::regclass)
    FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid
    WHERE relnamespace = to_regnamespace(%(schema)s) AND NOT tgisinternal GROUP BY tgrelid
    UNION ALL SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
        format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname,
            pg_get_constraintdef(oid))
    FROM pg_constraint WHERE connamespace = to_regnamespace(%(schema)s) AND contype = 'f'
    UNION ALL SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid)
    FROM pg_index JOIN pg_class c ON c.oid = indexrelid
    WHERE relnamespace = to_regnamespace(%(schema)s) AND NOT indisunique AND NOT indisexclusion
"""
# Every row is a function of its number, so that each farm is the same. Runs are evenly spread over
# five years and end today. Each spool serves some runs in succession, which take 60 to 100% of its
# first 900 g, and is never twice on a run.
FILL = """
SET LOCAL statement_timeout = 0;
CREATE TEMP TABLE scale ON COMMIT DROP AS SELECT %(runs)s::int AS runs, %(spools)s::int AS spools,
    now() - interval '5 years' AS since,
    (now() - (now() - interval '5 years')) / %(runs)s AS step,
    now() AS until, 900.0 * %(spools)s / (4 * %(runs)s) AS most,
    (SELECT least(count(*), 250) FROM inventory_filament) AS used;
INSERT INTO accounts_user (username, name, email, role, pin_hash, is_active, created_at, password)
    SELECT 'worker' || n, 'Worker ' || n, '', CASE WHEN n <= 3 THEN 'manager' ELSE 'operator' END,
        '', n < 20, since, '' FROM scale, generate_series(1, 24) n;
INSERT INTO accounts_devicetoken (user_id, name, scope, kind, counts_up, makes_spools, hash,
        created_at)
    SELECT 1 + n %% 24, 'Printer ' || n, 'printer', '', false, false, md5(n::text), since
    FROM scale, generate_series(1, 70) n;
INSERT INTO inventory_location (name, comment)
    SELECT 'Shelf ' || n, '' FROM generate_series(1, 40) n;
CREATE TEMP TABLE kinds ON COMMIT DROP AS
    SELECT id, material_type_id, row_number() OVER (ORDER BY md5(id::text)) AS n
    FROM inventory_filament;
UPDATE inventory_filament SET reorder_point_grams = 1500, price = 20 + id %% 9
    WHERE id IN (SELECT id FROM kinds, scale WHERE n <= used);
CREATE TEMP TABLE reels ON COMMIT DROP AS
    SELECT s AS id, kinds.id AS filament_id, kinds.material_type_id,
        since + (until - since) * (s - 30) / spools::float - interval '1 day' AS received_at
    FROM scale CROSS JOIN LATERAL generate_series(1, spools) s JOIN kinds ON kinds.n = CASE
        WHEN s %% 20 = 0 THEN 1 + s * 7 %% (SELECT count(*) FROM kinds) ELSE 1 + s * 7 %% used END;
INSERT INTO inventory_spool (code, filament_id, initial_grams, remaining_grams, reserved_grams,
        lot_number, supplier, received_on, needs_weighing, comment, version, price, location_id,
        extra, created_at, metered_grams, excess_grams, is_initial_assumed, has_given_use_dates,
        is_held)
    SELECT upper(substr(md5(id::text), 1, 9)), filament_id, 1000, 0, 0, 'LOT-' || id / 12,
        'Supplier ' || id %% 9, received_at, id %% 50 = 0, '', 3,
        CASE WHEN id %% 3 = 0 THEN 19.9 END, CASE WHEN id %% 9 > 0 THEN 1 + id %% 40 END,
        '{}', received_at, 0, 0, false, false, false
    FROM reels ORDER BY id;
INSERT INTO production_printer (name, manufacturer, model, bed_x_mm, bed_y_mm, bed_z_mm, notes,
        nozzle_diameter_mm, has_hardened_nozzle, needs_clearing, is_active, code, location_id,
        moonraker_url)
    SELECT 'Printer ' || lpad(n::text, 2, '0'), 'Nova', 'N' || n %% 4, 256, 256, 256, '', 0.4,
        n %% 3 = 0, n %% 11 = 0, true, 'P' || lpad(n::text, 8, '0'), 1 + n %% 40, ''
    FROM generate_series(1, 60) n;
INSERT INTO production_printerslot (printer_id, label, spool_id)
    SELECT p, 'A' || k, CASE WHEN k < 4 AND p * 4 + k < spools * 0.3 THEN spools - p * 4 - k END
    FROM scale, generate_series(1, 60) p, generate_series(1, 4) k;
INSERT INTO production_slicercorrection (filament_id, printer_id, factor, run_count, sliced_grams,
        measured_grams, accepted_by_id, accepted_at, withdrawn_by_id, withdrawn_at, former_id)
    SELECT NULL, n, 1.03, 12, 480, 494.4, 1 + n %% 24, since, CASE WHEN n %% 5 = 0 THEN 1 END,
        CASE WHEN n %% 5 = 0 THEN since + interval '1 day' END, CASE WHEN n %% 7 = 0 THEN n - 1 END
    FROM scale, generate_series(1, 60) n;
INSERT INTO production_picture (sha256, width, height, content, thumbnail, created_at, named_at)
    SELECT encode(sha256(bytes), 'hex'), 1280, 960, bytes, bytes, since, since
    FROM scale, generate_series(1, 300) n,
    LATERAL (SELECT decode(repeat(md5(n::text), 250), 'hex') AS bytes) AS picture;
INSERT INTO production_product (sku, name, description, is_active, units_per_plate, plate_minutes,
        plate_purge_grams, labour_minutes, photo_id)
    SELECT 'SKU-' || lpad(n::text, 4, '0'), 'Part ' || n, '', n %% 17 > 0, 4, 120, 3, 2,
        CASE WHEN n %% 3 = 0 THEN (SELECT sha256 FROM production_picture WHERE id = n) END
    FROM generate_series(1, 300) n;
INSERT INTO production_slicedfile (filename, sha256, size_bytes, slicer, slicer_version,
        printer_model, nozzle_mm, layer_height_mm, plates, doubts, lines, printer_id, created_by_id,
        created_at)
    SELECT 'part-' || n || '.gcode', md5(n::text) || md5(n::text), 9000000, 'PrusaSlicer', '2.9.4',
        'N' || n %% 4, 0.4, 0.2, jsonb_build_array(jsonb_build_object('index', 1, 'name', '',
        'seconds', 7200, 'purge_grams', NULL, 'slots', jsonb_build_array(jsonb_build_object(
        'slot', 1, 'grams', '40.00', 'purge_grams', NULL, 'length_mm', '13000', 'volume_mm3', NULL,
        'source', 'slicer',
        'material', 'PLA', 'color_hex', 'FF8000', 'profile', 'Generic')), 'objects',
        jsonb_build_array(jsonb_build_object('name', 'Part ' || n, 'count', 4)))), '[]',
        'generated by PrusaSlicer', CASE WHEN n %% 2 = 0 THEN 1 + n %% 60 END, 1 + n %% 24, since
    FROM scale, generate_series(1, 300) n;
INSERT INTO production_platepicture (sliced_file_id, plate, picture_id)
    SELECT id, 1, sha256 FROM production_picture;
INSERT INTO production_productfile (product_id, sliced_file_id, plate, units, seconds,
        printer_model, nozzle_mm, is_shared, is_current, successor_of_id, created_at)
    SELECT n, n, 1, 4, 7200, 'N' || n %% 4, 0.4, false, true, CASE WHEN n > 290 THEN n - 1 END,
        since FROM scale, generate_series(1, 300) n;
INSERT INTO production_productfileslot (file_id, slot, grams, purge_grams, length_mm, source,
        material, color_hex, profile)
    SELECT n, 1, 40, 1, 13000, 'slicer', 'PLA', 'FF8000', 'Generic' FROM generate_series(1, 300) n;
INSERT INTO production_productalias (product_id, name, key)
    SELECT n, 'Part ' || n, 'part ' || n FROM generate_series(1, 300) n;
INSERT INTO production_bomline (product_id, material_type_id, filament_id, grams_per_unit)
    SELECT p, material_type_id, CASE WHEN p %% 2 = 0 THEN id END, 8 + p %% 9
    FROM scale, generate_series(1, 300) p CROSS JOIN generate_series(0, 1) k
    JOIN LATERAL (SELECT * FROM kinds WHERE n = 1 + (p * 3 + k * 11) %% used) kind ON true
    ON CONFLICT DO NOTHING;
CREATE TEMP TABLE jobs ON COMMIT DROP AS
    SELECT n, since + n * step AS t, CASE
        WHEN n > runs - 300 THEN 'planned'
        WHEN n > runs - 340 THEN 'in_progress'
        WHEN n %% 25 = 0 THEN 'failed' WHEN n %% 67 = 0 THEN 'cancelled' ELSE 'completed'
    END AS status FROM scale, generate_series(1, runs) n;
INSERT INTO production_productionrun (number, status, printer_id, plate_count,
        plate_count_source, priority, due_on, planned_start_at, started_at, finished_at,
        planned_minutes, planned_minutes_source, actual_minutes, actual_minutes_source,
        notes, outcome_reason_id, hour_rate, power_watts, energy_price_kwh,
        labour_rate, created_by_id, created_at, updated_at, version, external_id, deleted_at,
        sliced_file_id, sliced_plates, sliced_seconds)
    SELECT 'YRS-' || to_char(t, 'YYYYMMDD') || '-' || lpad(n::text, 6, '0'), status, 1 + n %% 60, 1,
        'typed', n %% 5, CASE WHEN n %% 3 = 0 THEN (t + interval '4 days')::date END,
        CASE WHEN status = 'planned' THEN t + interval '1 day' END,
        CASE WHEN status NOT IN ('planned', 'cancelled') THEN t END,
        CASE WHEN status IN ('completed', 'failed') THEN t + interval '20 minutes' END,
        120, 'typed', CASE WHEN status IN ('completed', 'failed') THEN 105 + n %% 30 END,
        CASE WHEN status IN ('completed', 'failed') THEN 'typed' ELSE '' END, '',
        CASE WHEN status = 'failed' THEN (SELECT id FROM production_reason
            WHERE kind = 'failure' ORDER BY id OFFSET n %% 5 LIMIT 1) END,
        2, 120, 0.31, 30, 1 + n %% 24, t - interval '1 hour', t + interval '21 minutes', 3,
        CASE WHEN n %% 4 = 0 THEN 'shop-' || n END,
        CASE WHEN status = 'cancelled' AND n %% 5 = 0 THEN t + interval '1 day' END,
        CASE WHEN n %% 50 = 0 THEN 1 + n %% 300 END, CASE WHEN n %% 50 = 0 THEN '[1]'::jsonb END,
        CASE WHEN n %% 50 = 0 THEN 7200 END
    FROM jobs ORDER BY n;
INSERT INTO production_runitem (run_id, product_id, quantity, planned_quantity, good_count,
        good_count_source, scrapped_count, scrap_reason_id, bed_position, order_reference, bom,
        bom_grams_per_unit, labour_minutes_per_unit, sliced_quantity)
    SELECT n, 1 + floor(power((n * 7919::bigint + k * 31) %% 1000 / 1000.0, 2) * 300), 5,
        CASE WHEN status <> 'planned' THEN 5 END,
        CASE status WHEN 'completed' THEN 5 - (n %% 20 = 1)::int END,
        CASE status WHEN 'completed' THEN 'typed' ELSE '' END,
        CASE status WHEN 'completed' THEN (n %% 20 = 1)::int END,
        CASE WHEN status = 'completed' AND n %% 20 = 1 THEN (SELECT id FROM production_reason
            WHERE kind = 'scrap' ORDER BY id OFFSET n %% 5 LIMIT 1) END,
        '', CASE WHEN n %% 5 < 2 THEN 'SO-' || n / 3 ELSE '' END,
        CASE WHEN status <> 'planned' THEN '[]'::jsonb END,
        CASE WHEN status <> 'planned' THEN 12 END, CASE WHEN status <> 'planned' THEN 2 END,
        CASE WHEN n %% 50 = 0 THEN 5 END
    FROM jobs, generate_series(0, n %% 2) k ORDER BY n, k;
CREATE TEMP TABLE takes ON COMMIT DROP AS
    SELECT n, status, t, 1 + (n::bigint * (spools - 40) / runs)::int + k * 7 AS spool_id,
        round((most * (0.6 + (n * 31 + k * 17) %% 400 / 1000.0))::numeric, 3) AS grams
    FROM scale, jobs, generate_series(0, 1 + n %% 3) k;
INSERT INTO production_runmaterial (run_id, filament_id, spool_id, planned_spool_id, planned_grams,
        planned_purge_grams, planned_cost_per_gram, planned_source, reserved_grams,
        actual_grams, actual_purge_grams, actual_source, metered_grams, added_grams, sliced_source,
        sliced_slot, sliced_grams, sliced_purge_grams, slicer_factor)
    SELECT n, filament_id, spool_id,
        CASE WHEN status NOT IN ('planned', 'cancelled') THEN spool_id END, round(grams, 1), 0,
        CASE WHEN status NOT IN ('planned', 'cancelled') AND spool_id %% 40 > 0 THEN 0.02 END,
        'typed', CASE WHEN status IN ('planned', 'in_progress') THEN round(grams, 1) ELSE 0 END,
        CASE WHEN status IN ('completed', 'failed') THEN grams END,
        CASE WHEN status IN ('completed', 'failed') THEN 0 END,
        CASE WHEN status IN ('completed', 'failed') THEN 'typed' ELSE '' END, 0, 0,
        CASE WHEN n %% 50 = 0 THEN 'slicer' ELSE '' END, CASE WHEN n %% 50 = 0 THEN 1 END,
        CASE WHEN n %% 50 = 0 THEN round(grams, 1) END, CASE WHEN n %% 50 = 0 THEN 1 END, 1
    FROM takes JOIN reels ON reels.id = spool_id ORDER BY n, spool_id;
CREATE TEMP TABLE posts ON COMMIT DROP AS
    SELECT id AS spool_id, 'receipt' AS kind, 1000::numeric AS grams, NULL::int AS run_id,
        received_at AS at FROM reels
    UNION ALL SELECT spool_id, CASE status WHEN 'failed' THEN 'waste' ELSE 'usage' END, -grams, n,
        t + interval '20 minutes' FROM takes WHERE status IN ('completed', 'failed')
    UNION ALL SELECT spool_id, 'count', (n %% 3 - 1) * 0.05, NULL, t + interval '25 minutes'
        FROM takes WHERE status = 'completed' AND n %% 3 = 0;
INSERT INTO inventory_inventorytransaction (spool_id, kind, grams, balance_grams, is_counted,
        cost_per_gram, production_run_id, reason, note, source, performed_by_id, performed_by_name,
        occurred_at, created_at)
    SELECT spool_id, kind, grams, sum(grams) OVER (PARTITION BY spool_id ORDER BY at, run_id, kind
            ROWS UNBOUNDED PRECEDING), kind = 'count', CASE WHEN spool_id %% 40 > 0 THEN 0.02 END,
        run_id, '', '', 'floor', 1 + spool_id %% 24, 'Worker', at, at
    FROM posts ORDER BY at, run_id, kind, spool_id;
UPDATE inventory_spool spool SET remaining_grams = last.balance_grams,
        last_entry_at = last.created_at, opened_at = first.at, first_used_at = first.at,
        last_used_at = used.at, reserved_grams = coalesce(claimed.grams, 0),
        archived_at = CASE WHEN spool.id < spools * 0.7 THEN last.created_at END
    FROM scale, (SELECT DISTINCT ON (spool_id) * FROM inventory_inventorytransaction
        ORDER BY spool_id, id DESC) last
    LEFT JOIN (SELECT spool_id, min(at) AS at FROM posts WHERE run_id IS NOT NULL GROUP BY 1) first
        USING (spool_id)
    LEFT JOIN (SELECT spool_id, max(at) AS at FROM posts WHERE run_id IS NOT NULL GROUP BY 1) used
        USING (spool_id)
    LEFT JOIN (SELECT spool_id, sum(reserved_grams) AS grams FROM production_runmaterial GROUP BY 1)
        claimed USING (spool_id)
    WHERE last.spool_id = spool.id;
INSERT INTO production_runevent (run_id, verb, from_status, to_status, by_id, by_name, at, reason,
        overrides, before)
    SELECT n, verb, was, becomes, 1 + n %% 24, 'Worker', t + place * interval '4 minutes', '', '[]',
        '{}' FROM jobs, (VALUES (0, 'create', '', 'planned'), (1, 'start', 'planned',
        'in_progress'), (2, 'progress', 'in_progress', 'in_progress'), (3, 'save_actuals',
        'in_progress', 'in_progress'), (4, 'complete', 'in_progress', 'completed'))
        verbs (place, verb, was, becomes)
    WHERE place < CASE status WHEN 'planned' THEN 1 WHEN 'completed' THEN 5 ELSE 4 END
    ORDER BY t + place * interval '4 minutes';
INSERT INTO inventory_spoolevent (spool_id, verb, before, after, "group", by_id, at)
    SELECT id, verb, '', CASE WHEN verb IN ('opened', 'dried')
            THEN to_char(received_at, 'YYYY-MM-DD"T"HH24:MI:SSOF":00"') ELSE 'Shelf' END,
        gen_random_uuid(), 1 + id %% 24, received_at + place * interval '3 days'
    FROM reels, (VALUES (1, 'moved'), (2, 'opened'), (3, 'loaded'), (4, 'unloaded'), (5, 'dried'))
        verbs (place, verb) ORDER BY received_at + place * interval '3 days';
INSERT INTO accounts_auditevent (by_id, by_name, verb, object_type, object_id, object_label,
        changes, source, address, correlation_id, at)
    SELECT 1 + n %% 24, 'Worker ' || n %% 24, 'change', 'inventory.spool', 1 + n %% spools,
        'spool ' || n, '{"price": ["1", "2"]}', 'admin', '', '', since + n * step
    FROM scale, generate_series(1, runs) n;
INSERT INTO production_runnumber (on_date, last) SELECT t::date, count(*) FROM jobs GROUP BY 1;
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--catalogue", type=Path, default=SAMPLE)
    parser.add_argument("--spools", type=int, default=4_000)
    parser.add_argument("--runs", type=int, default=100_000)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("SPOOLBOOK_DATA", ".data/bench")
    django.setup()
    print(f"The farm {enter_farm(**vars(options)).slug} exists; its password is {PASSWORD}.")


def enter_farm(runs, spools=400, catalogue=SAMPLE):
    """Enter the farm of this size; it is created when missing."""
    # ruff: noqa: PLC0415 - Django is set up first
    from django.db import connection

    from tenants.models import Tenant
    from tenants.schemas import prepare

    connection.set_schema_to_public()
    prepare.prepare()
    slug = _slug(runs, spools)
    farm = Tenant.objects.filter(slug=slug).first()
    if farm and farm.name == UNFINISHED:  # it was interrupted
        drop_farm(runs, spools)
        farm = None
    if not farm:
        farm = create_farm(slug, catalogue, {"runs": runs, "spools": spools})
    connection.set_tenant(farm)
    return farm


def drop_farm(runs, spools):
    """Drop the farm of this size, if there is one."""
    from tenants.farms import services
    from tenants.models import Tenant

    for farm in Tenant.objects.filter(slug=_slug(runs, spools)):
        services.drop_farm(farm, by=None)


def _slug(runs, spools):
    return f"years-{runs}-{spools}"


def create_farm(slug, catalogue, parameters, *, is_folded=True):
    from django.db import connection, transaction
    from django_tenants.utils import schema_context, tenant_context

    from inventory.services.tables import catalogue_source
    from inventory.services.tables.catalogue_reader import read_catalogue
    from inventory.services.tables.filament_import import import_filaments
    from production.services.figures import folding
    from tenants.farms import services
    from tenants.models import Tenant

    farm = services.add_farm(slug=slug, name=UNFINISHED, password=PASSWORD)
    with tenant_context(farm), connection.cursor() as cursor:
        import_filaments(read_catalogue(catalogue_source.read(str(catalogue))), by=None)
        with transaction.atomic():
            checks = []
            if parameters["runs"] > MANY:
                cursor.execute(CHECKS, {"schema": farm.schema_name})
                checks = cursor.fetchall()
            for remove, _add in checks:
                cursor.execute(remove)
            for statement in filter(str.strip, FILL.split(";\n")):
                cursor.execute(statement, parameters)
            for _remove, add in reversed(checks):
                cursor.execute(add)
        tidy(cursor, farm)  # without statistics the sums take hours
        if is_folded and parameters["runs"] <= MOST_FOLDED:
            cursor.execute("SET statement_timeout = 0")
            folding.RUNS = 10_000  # of a step
            folding.forget()  # as nothing was marked while there were no triggers
            while folding.fold_some(waits=True):
                pass
            cursor.execute("RESET statement_timeout")
            tidy(cursor, farm)
    with schema_context("public"):
        Tenant.objects.filter(pk=farm.pk).update(name="Five years")
    return farm


def tidy(cursor, farm):
    """What PostgreSQL would do by itself later, during a measurement."""
    cursor.execute(TABLES, [farm.schema_name])
    (tables,) = cursor.fetchone()
    cursor.execute("SET statement_timeout = 0")
    cursor.execute(f"{'ANALYZE' if cursor.db.in_atomic_block else 'VACUUM (ANALYZE)'} {tables}")
    cursor.execute("RESET statement_timeout")


if __name__ == "__main__":
    main()
