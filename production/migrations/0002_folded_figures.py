"""Tables of sums of closed runs, and triggers that mark the days of runs that were changed.

What the reports read, and by which trigger a change of it is noticed, is in docs/figures.md.
"""

import production.models.figures
from django.db import migrations, models

CLOSED = "('completed', 'failed', 'cancelled')"

# Of lines whose planned spool was swapped for another, and whose filaments were merged: few.
INDEXES = [
    """
CREATE INDEX run_material_by_swapped_spool ON production_runmaterial (planned_spool_id)
    WHERE planned_spool_id IS DISTINCT FROM spool_id
""",
    """
CREATE INDEX run_material_by_planned_filament ON production_runmaterial (planned_spool_filament_id)
    WHERE planned_spool_filament_id IS NOT NULL
""",
    """
CREATE INDEX run_material_by_spool_filament ON production_runmaterial (spool_filament_id)
    WHERE spool_filament_id IS NOT NULL
""",
]

MARKS = [
    f"""
CREATE FUNCTION mark_figures(runs bigint[]) RETURNS void LANGUAGE sql
SET search_path FROM CURRENT AS $$
    INSERT INTO production_figuresmark (ended_at)
    SELECT DISTINCT coalesce(finished_at, created_at) FROM production_productionrun
    WHERE id = ANY (runs) AND status IN {CLOSED}
$$
""",  # nosec B608
    f"""
CREATE FUNCTION mark_figures_of_run() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.status IN {CLOSED} THEN
        INSERT INTO production_figuresmark (ended_at)
        VALUES (coalesce(OLD.finished_at, OLD.created_at));
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.status IN {CLOSED} AND (TG_OP = 'INSERT'
            OR OLD.status NOT IN {CLOSED} OR OLD.finished_at IS DISTINCT FROM NEW.finished_at) THEN
        INSERT INTO production_figuresmark (ended_at)
        VALUES (coalesce(NEW.finished_at, NEW.created_at));
    END IF;
    RETURN NULL;
END
$$
""",  # nosec B608
    f"""
CREATE TRIGGER figures_of_new_run AFTER INSERT ON production_productionrun
    FOR EACH ROW WHEN (NEW.status IN {CLOSED}) EXECUTE FUNCTION mark_figures_of_run()
""",
    f"""
CREATE TRIGGER figures_of_run AFTER UPDATE ON production_productionrun
    FOR EACH ROW WHEN (OLD.status IN {CLOSED} OR NEW.status IN {CLOSED})
    EXECUTE FUNCTION mark_figures_of_run()
""",
    f"""
CREATE TRIGGER figures_of_former_run AFTER DELETE ON production_productionrun
    FOR EACH ROW WHEN (OLD.status IN {CLOSED}) EXECUTE FUNCTION mark_figures_of_run()
""",
    """
CREATE FUNCTION mark_figures_of_row() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM mark_figures(ARRAY[NEW.run_id]);
    RETURN NULL;
END
$$
""",
    """
CREATE TRIGGER figures_of_item AFTER UPDATE ON production_runitem FOR EACH ROW
    WHEN ((OLD.product_id, OLD.order_reference) IS DISTINCT FROM
        (NEW.product_id, NEW.order_reference))
    EXECUTE FUNCTION mark_figures_of_row()
""",
    """
CREATE TRIGGER figures_of_line AFTER UPDATE ON production_runmaterial FOR EACH ROW
    WHEN ((OLD.filament_id, OLD.material_type_id, OLD.planned_spool_filament_id,
            OLD.spool_filament_id) IS DISTINCT FROM
        (NEW.filament_id, NEW.material_type_id, NEW.planned_spool_filament_id,
            NEW.spool_filament_id))
    EXECUTE FUNCTION mark_figures_of_row()
""",
    """
CREATE FUNCTION mark_figures_of_entry() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM mark_figures(ARRAY[NEW.production_run_id]);
    RETURN NULL;
END
$$
""",
    """
CREATE TRIGGER figures_of_reversal AFTER INSERT ON inventory_inventorytransaction FOR EACH ROW
    WHEN (NEW.kind = 'reversal' AND NEW.production_run_id IS NOT NULL)
    EXECUTE FUNCTION mark_figures_of_entry()
""",
    """
CREATE FUNCTION mark_figures_of_spool() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM mark_figures(ARRAY(
        SELECT run_id FROM production_runmaterial WHERE spool_id = NEW.id
        UNION SELECT run_id FROM production_runmaterial
        WHERE planned_spool_id = NEW.id AND planned_spool_id IS DISTINCT FROM spool_id
        UNION SELECT production_run_id FROM inventory_inventorytransaction
        WHERE spool_id = NEW.id AND production_run_id IS NOT NULL
    ));
    RETURN NULL;
END
$$
""",
    """
CREATE TRIGGER figures_of_spool AFTER UPDATE ON inventory_spool FOR EACH ROW
    WHEN ((OLD.filament_id, OLD.late_cost_per_gram) IS DISTINCT FROM
        (NEW.filament_id, NEW.late_cost_per_gram))
    EXECUTE FUNCTION mark_figures_of_spool()
""",
]

# No verb of a run locks a filament or a material type. So that no day is folded between a change of
# one and its commit, the change waits for the job here, and the job for the change.
CATALOGUE = [
    """
CREATE FUNCTION mark_figures_of_filaments(filaments bigint[]) RETURNS void LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM FROM production_foldeddays FOR KEY SHARE;
    PERFORM mark_figures(ARRAY(
        SELECT run_id FROM production_runmaterial WHERE filament_id = ANY (filaments)
        UNION SELECT run_id FROM production_runmaterial
        WHERE planned_spool_filament_id = ANY (filaments)
        UNION SELECT run_id FROM production_runmaterial WHERE spool_filament_id = ANY (filaments)
        UNION SELECT line.run_id FROM inventory_spool spool
        JOIN production_runmaterial line ON line.spool_id = spool.id
        WHERE spool.filament_id = ANY (filaments)
        UNION SELECT line.run_id FROM inventory_spool spool
        JOIN production_runmaterial line ON line.planned_spool_id = spool.id
            AND line.planned_spool_id IS DISTINCT FROM line.spool_id
        WHERE spool.filament_id = ANY (filaments)
    ));
END
$$
""",
    """
CREATE FUNCTION mark_figures_of_filament() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM mark_figures_of_filaments(ARRAY[NEW.id]);
    RETURN NULL;
END
$$
""",
    """
CREATE TRIGGER figures_of_filament AFTER UPDATE ON inventory_filament FOR EACH ROW
    WHEN ((OLD.material_type_id, OLD.merged_into_id) IS DISTINCT FROM
        (NEW.material_type_id, NEW.merged_into_id))
    EXECUTE FUNCTION mark_figures_of_filament()
""",
    """
CREATE FUNCTION mark_figures_of_type() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM mark_figures_of_filaments(ARRAY(
        SELECT id FROM inventory_filament WHERE material_type_id = NEW.id
    ));
    PERFORM mark_figures(ARRAY(
        SELECT run_id FROM production_runmaterial WHERE material_type_id = NEW.id
    ));
    RETURN NULL;
END
$$
""",
    """
CREATE TRIGGER figures_of_type AFTER UPDATE ON inventory_materialtype FOR EACH ROW
    WHEN (OLD.family_id IS DISTINCT FROM NEW.family_id)
    EXECUTE FUNCTION mark_figures_of_type()
""",
]

UNDO_INDEXES = [
    f"DROP INDEX run_material_by_{name}"
    for name in ("swapped_spool", "planned_filament", "spool_filament")
]
UNDO_MARKS = [
    f"DROP FUNCTION mark_figures{name} CASCADE"
    for name in ("_of_spool()", "_of_entry()", "_of_row()", "_of_run()", "(bigint[])")
]
UNDO_CATALOGUE = [
    f"DROP FUNCTION mark_figures_of_{name} CASCADE"
    for name in ("type()", "filament()", "filaments(bigint[])")
]

class Migration(migrations.Migration):

    dependencies = [
        ('production', '0001_initial'),
        ('inventory', '0002_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='ExplanationSum',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('dimension', models.CharField(max_length=13)),
                ('span', models.CharField(choices=[('day', 'Day'), ('month', 'Month'), ('year', 'Year')], max_length=5)),
                ('starts_on', models.DateField()),
                ('key', models.TextField(null=True)),
                ('has_ended', models.BooleanField(help_text='Whether the runs have an end, or were never begun.')),
                ('reason', models.CharField(max_length=15, null=True)),
                ('no_grams', models.CharField(max_length=15, null=True)),
                ('no_minutes', models.CharField(max_length=15, null=True)),
                ('no_material', models.CharField(max_length=15, null=True)),
                ('no_machine', models.CharField(max_length=15, null=True)),
                ('no_energy', models.CharField(max_length=15, null=True)),
                ('no_labour', models.CharField(max_length=15, null=True)),
                ('runs', models.IntegerField(null=True)),
                ('planned_grams', production.models.figures.SumField(null=True)),
                ('actual_grams', production.models.figures.SumField(null=True)),
                ('output_grams', production.models.figures.SumField(null=True)),
                ('scrap_grams', production.models.figures.SumField(null=True)),
                ('lost_grams', production.models.figures.SumField(null=True)),
                ('usage_grams', production.models.figures.SumField(null=True)),
                ('purge_grams', production.models.figures.SumField(null=True)),
                ('extra_grams', production.models.figures.SumField(null=True)),
                ('planned_minutes', production.models.figures.SumField(null=True)),
                ('actual_minutes', production.models.figures.SumField(null=True)),
                ('output_minutes', production.models.figures.SumField(null=True)),
                ('scrap_minutes', production.models.figures.SumField(null=True)),
                ('lost_minutes', production.models.figures.SumField(null=True)),
                ('time_minutes', production.models.figures.SumField(null=True)),
                ('planned_material', production.models.figures.SumField(null=True)),
                ('actual_material', production.models.figures.SumField(null=True)),
                ('output_material', production.models.figures.SumField(null=True)),
                ('scrap_material', production.models.figures.SumField(null=True)),
                ('lost_material', production.models.figures.SumField(null=True)),
                ('usage_material', production.models.figures.SumField(null=True)),
                ('purge_material', production.models.figures.SumField(null=True)),
                ('extra_material', production.models.figures.SumField(null=True)),
                ('substitution_material', production.models.figures.SumField(null=True)),
                ('price_material', production.models.figures.SumField(null=True)),
                ('planned_machine', production.models.figures.SumField(null=True)),
                ('actual_machine', production.models.figures.SumField(null=True)),
                ('output_machine', production.models.figures.SumField(null=True)),
                ('scrap_machine', production.models.figures.SumField(null=True)),
                ('lost_machine', production.models.figures.SumField(null=True)),
                ('time_machine', production.models.figures.SumField(null=True)),
                ('planned_energy', production.models.figures.SumField(null=True)),
                ('actual_energy', production.models.figures.SumField(null=True)),
                ('output_energy', production.models.figures.SumField(null=True)),
                ('scrap_energy', production.models.figures.SumField(null=True)),
                ('lost_energy', production.models.figures.SumField(null=True)),
                ('time_energy', production.models.figures.SumField(null=True)),
                ('planned_labour', production.models.figures.SumField(null=True)),
                ('actual_labour', production.models.figures.SumField(null=True)),
                ('output_labour', production.models.figures.SumField(null=True)),
                ('scrap_labour', production.models.figures.SumField(null=True)),
                ('lost_labour', production.models.figures.SumField(null=True)),
                ('assumed_grams', production.models.figures.SumField(null=True)),
                ('assumed_minutes', production.models.figures.SumField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['dimension', 'span', 'starts_on'], name='explanation_sum_by_span')],
            },
        ),
        migrations.CreateModel(
            name='FiguresMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ended_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='FoldedDays',
            fields=[
                ('id', models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('timezone', models.CharField(max_length=63)),
                ('definition', models.CharField(max_length=32)),
                ('since', models.DateField()),
                ('until', models.DateField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='folded_days_is_one_row')],
            },
        ),
        migrations.CreateModel(
            name='VarianceSum',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('dimension', models.CharField(max_length=13)),
                ('span', models.CharField(choices=[('day', 'Day'), ('month', 'Month'), ('year', 'Year')], max_length=5)),
                ('starts_on', models.DateField()),
                ('key', models.TextField(null=True)),
                ('has_ended', models.BooleanField(help_text='Whether the runs have an end, or were never begun.')),
                ('reason', models.CharField(max_length=15, null=True)),
                ('no_grams', models.CharField(max_length=15, null=True)),
                ('no_minutes', models.CharField(max_length=15, null=True)),
                ('no_material', models.CharField(max_length=15, null=True)),
                ('no_machine', models.CharField(max_length=15, null=True)),
                ('no_energy', models.CharField(max_length=15, null=True)),
                ('no_labour', models.CharField(max_length=15, null=True)),
                ('runs', models.IntegerField(null=True)),
                ('unknown', models.IntegerField(null=True)),
                ('unknown_grams', models.IntegerField(null=True)),
                ('unknown_minutes', models.IntegerField(null=True)),
                ('has_no_material', models.BooleanField(null=True)),
                ('has_no_machine', models.BooleanField(null=True)),
                ('has_no_energy', models.BooleanField(null=True)),
                ('good', production.models.figures.SumField(null=True)),
                ('scrapped', production.models.figures.SumField(null=True)),
                ('planned_grams', production.models.figures.SumField(null=True)),
                ('actual_grams', production.models.figures.SumField(null=True)),
                ('purge_grams', production.models.figures.SumField(null=True)),
                ('weighed_grams', production.models.figures.SumField(null=True)),
                ('metered_grams', production.models.figures.SumField(null=True)),
                ('sliced_grams', production.models.figures.SumField(null=True)),
                ('typed_grams', production.models.figures.SumField(null=True)),
                ('as_planned_grams', production.models.figures.SumField(null=True)),
                ('percent_grams', production.models.figures.SumField(null=True)),
                ('planned_minutes', production.models.figures.SumField(null=True)),
                ('actual_minutes', production.models.figures.SumField(null=True)),
                ('assumed_minutes', production.models.figures.SumField(null=True)),
                ('planned_material', production.models.figures.SumField(null=True)),
                ('planned_machine', production.models.figures.SumField(null=True)),
                ('planned_energy', production.models.figures.SumField(null=True)),
                ('planned_labour', production.models.figures.SumField(null=True)),
                ('actual_material', production.models.figures.SumField(null=True)),
                ('actual_machine', production.models.figures.SumField(null=True)),
                ('actual_energy', production.models.figures.SumField(null=True)),
                ('actual_labour', production.models.figures.SumField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['dimension', 'span', 'starts_on'], name='variance_sum_by_span')],
            },
        ),
        migrations.RunSQL(INDEXES, UNDO_INDEXES),
        migrations.RunSQL(MARKS, UNDO_MARKS),
        migrations.RunSQL(CATALOGUE, UNDO_CATALOGUE),
    ]
