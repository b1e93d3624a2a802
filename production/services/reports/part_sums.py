"""The statements behind the explanation of many runs.

``needs`` has one row for each requirement of a run: the id of a filament, or minus that of a
material type. ``fits`` has one row a need and item, with the grams of a unit of the item in it. A
run without items counts as one unit, planned and good. Formulas and names of parts are those of
``production.services.explanation``; parts of runs that are not compared are never summed.
"""

from production.services.explanation.parts import OF_GRAMS, OF_MINUTES, PARTS
from production.services.reports import sql

# The parts of each figure; those of a cost that are left out are 0.
NAMES = {
    "grams": OF_GRAMS,
    "minutes": OF_MINUTES,
    "material": [name for name in PARTS if name != "time"],
    "machine": OF_MINUTES,
    "energy": OF_MINUTES,
    "labour": ("output", "scrap", "lost"),
}
FIGURES = tuple(NAMES)
# Of a need: of the filament that it counts for.
MATERIAL_KEYS = {"filament": "filament_id::text", "material_type": "material_type_id::text"}

# Every line has a type; joined by an inner join, it made a report of 30,000 runs take minutes.
_NEEDS = """
, detailed_lines AS (
    SELECT lines.*, type.id AS type_id, type.family_id,
        coalesce(lines.planned_spool_filament_id, planned_spool.filament_id) AS planned_filament,
        coalesce(lines.spool_filament_id, spool.filament_id) AS spool_filament
    FROM lines
    LEFT JOIN inventory_filament filament ON filament.id = lines.filament_id
    LEFT JOIN inventory_materialtype type
        ON type.id = coalesce(lines.material_type_id, filament.material_type_id)
    LEFT JOIN inventory_spool planned_spool ON planned_spool.id = lines.planned_spool_id
    LEFT JOIN inventory_spool spool ON spool.id = lines.spool_id
), planned_needs AS (
    SELECT *, sum(planned_grams) OVER (PARTITION BY run_id, type_id, filament_id) > 0 AS is_planned
    FROM detailed_lines
), loose_needs AS (
    SELECT *, array_agg(type_id) FILTER (WHERE is_planned AND filament_id IS NULL)
        OVER (PARTITION BY run_id) AS loose
    FROM planned_needs
), joined AS (
    SELECT *, CASE WHEN NOT is_planned AND type_id = ANY(loose) THEN -type_id
        WHEN NOT is_planned AND family_id = ANY(loose) THEN -family_id
        ELSE coalesce(filament_id, -type_id) END AS requirement
    FROM loose_needs
), first_needs AS (
    SELECT run_id, requirement,
        min(type_id) FILTER (WHERE requirement IN (filament_id, -type_id)) AS type_id,
        min(family_id) FILTER (WHERE requirement IN (filament_id, -type_id)) AS family_id,
        sum(planned_part) AS planned_part,
        sum(planned_grams) AS planned_grams, sum(planned_cost) AS planned_cost,
        coalesce(sum(actual_grams), 0) AS actual_grams,
        coalesce(sum(purge_grams), 0) AS purge_grams, sum(taken_cost) AS taken_cost,
        sum(actual_grams) FILTER (WHERE is_assumed) AS assumed_grams
    FROM joined GROUP BY run_id, requirement
), units_met AS (
    SELECT first_needs.run_id, requirement, coalesce(item_id, 0) AS item_id, unit_grams, bom,
        coalesce(actual_share, 1) AS actual_share, coalesce(planned, 1) AS planned,
        CASE WHEN item_id IS NULL THEN 1 ELSE coalesce(good_count, 0) END AS good,
        coalesce(scrapped_count, 0) AS scrapped,
        CASE WHEN item_count = 1 THEN 1 ELSE (
            SELECT coalesce(sum((line ->> 'grams_per_unit')::numeric), 0)
            FROM jsonb_array_elements(bom) AS line
            WHERE (line ->> 'material_type')::bigint IN (type_id, family_id) AND (requirement < 0
                OR coalesce((line ->> 'filament')::bigint, requirement) = requirement)
        ) END AS met_grams
    FROM first_needs LEFT JOIN shares ON shares.run_id = first_needs.run_id
    WHERE planned_grams > 0
), unit_weights AS (
    SELECT *, CASE WHEN bool_and(bom IS NOT NULL) OVER need
                AND sum(planned * met_grams) OVER need > 0 THEN met_grams
            WHEN sum(planned * unit_grams) OVER need > 0 THEN unit_grams ELSE 1 END AS weight
    FROM units_met WINDOW need AS (PARTITION BY run_id, requirement)
), fits AS (
    SELECT run_id, requirement, item_id, actual_share, weight * (good - planned) AS more,
        weight * scrapped AS scrapped, weight * (good + scrapped) AS printed,
        sum(weight * planned) OVER need AS planned_weight,
        sum(weight * (good + scrapped)) OVER need AS printed_weight
    FROM unit_weights WINDOW need AS (PARTITION BY run_id, requirement)
), idle AS (
    SELECT run_id, min(requirement) AS requirement, min(type_id) AS type_id
    FROM first_needs WHERE planned_grams > 0 AND actual_grams = 0 AND EXISTS (
        SELECT FROM fits
        WHERE fits.run_id = first_needs.run_id AND fits.requirement = first_needs.requirement
            AND printed_weight > 0
    ) GROUP BY run_id HAVING count(*) = 1
), stand_ins AS (
    SELECT extra.run_id, extra.requirement, idle.requirement AS stands_for
    FROM (
        SELECT run_id, min(requirement) AS requirement, min(type_id) AS type_id,
            min(family_id) AS family_id FROM first_needs
        WHERE planned_grams = 0 AND actual_grams > 0 GROUP BY run_id HAVING count(*) = 1
    ) AS extra JOIN idle ON idle.run_id = extra.run_id
        AND idle.type_id IN (extra.type_id, extra.family_id)
), needs AS (
    SELECT own.run_id, own.requirement, own.planned_part, own.planned_grams, own.planned_cost,
        own.actual_grams + coalesce(extra.actual_grams, 0) AS actual_grams,
        own.purge_grams + coalesce(extra.purge_grams, 0) AS purge_grams,
        own.taken_cost + coalesce(extra.taken_cost, 0) AS taken_cost,
        coalesce(own.assumed_grams, 0) + coalesce(extra.assumed_grams, 0) AS assumed_grams
    FROM first_needs own
    LEFT JOIN (stand_ins JOIN first_needs extra USING (run_id, requirement))
        ON stand_ins.run_id = own.run_id AND stands_for = own.requirement
    WHERE NOT EXISTS (
        SELECT FROM stand_ins
        WHERE stand_ins.run_id = own.run_id AND stand_ins.requirement = own.requirement
    )
), others AS (
    SELECT joined.run_id, coalesce(stands_for, joined.requirement) AS requirement,
        sum(taken_grams) AS grams, sum(taken_cost) AS cost
    FROM joined LEFT JOIN stand_ins USING (run_id, requirement)
    WHERE taken_grams > 0
        AND (planned_grams = 0 OR planned_filament IS DISTINCT FROM spool_filament)
        AND NOT EXISTS (
            SELECT FROM joined own WHERE own.run_id = joined.run_id
                AND own.requirement = coalesce(stands_for, joined.requirement)
                AND own.planned_grams > 0 AND own.planned_filament = joined.spool_filament
        )
    GROUP BY 1, 2
), causes AS (
    SELECT needs.run_id, needs.requirement, item_id,
        needs.actual_grams - needs.purge_grams AS part_grams,
        planned_part, planned_grams, planned_cost, actual_grams, purge_grams, taken_cost,
        CASE WHEN planned_grams > 0 THEN round(planned_cost, 20) / planned_grams END AS rate,
        round(more, 20) / planned_weight AS more, round(scrapped, 20) / planned_weight AS scrapped,
        round(planned_part * printed_weight, 20) / planned_weight AS expected_grams,
        CASE WHEN printed_weight > 0 THEN round(printed, 20) / printed_weight
            ELSE actual_share END AS share,
        coalesce(others.grams, 0) AS other_grams, coalesce(others.cost, 0) AS other_cost
    FROM needs JOIN fits ON fits.run_id = needs.run_id AND fits.requirement = needs.requirement
    LEFT JOIN others ON others.run_id = needs.run_id AND others.requirement = needs.requirement
), caused AS (
    SELECT run_id, requirement, item_id, planned_part * more AS output_grams,
        planned_part * scrapped AS scrap_grams,
        (part_grams - expected_grams) * share AS usage_grams,
        (purge_grams - (planned_grams - planned_part)) * share AS purge_grams,
        0::numeric AS extra_grams, rate * planned_part * more AS output_material,
        rate * planned_part * scrapped AS scrap_material,
        rate * (part_grams - expected_grams) * share AS usage_material,
        rate * (purge_grams - (planned_grams - planned_part)) * share AS purge_material,
        0::numeric AS extra_material, (other_cost - rate * other_grams) * share
            AS substitution_material,
        (taken_cost - other_cost - rate * (actual_grams - other_grams)) * share AS price_material
    FROM causes UNION ALL
    SELECT needs.run_id, needs.requirement, coalesce(item_id, 0), 0, 0, 0, 0,
        actual_grams * coalesce(actual_share, 1), 0, 0, 0, 0,
        taken_cost * coalesce(actual_share, 1), 0, 0
    FROM needs LEFT JOIN shares ON shares.run_id = needs.run_id WHERE planned_grams = 0
)
"""

# Time falls on items by the weights of their shares; a unit of none is as planned.
_BY_ITEM = """
, by_item AS (
    SELECT run_id, item_id, {sums_of_caused} FROM caused GROUP BY run_id, item_id
), unit_times AS (
    SELECT *, sum(planned_weight) OVER run AS whole,
        CASE WHEN sum(planned * unit_grams) OVER run > 0 THEN unit_grams ELSE 1 END AS unit_weight
    FROM shares WINDOW run AS (PARTITION BY run_id)
), paced AS (
    SELECT *, round(unit_weight * (coalesce(good_count, 0) - planned), 20) / whole AS more,
        round(unit_weight * coalesce(scrapped_count, 0), 20) / whole AS scrapped,
        round(sum(unit_weight * printed_count) OVER run, 20) / whole AS expected
    FROM unit_times WINDOW run AS (PARTITION BY run_id)
), parts AS (
    SELECT totals.*, product_id, order_reference, coalesce(planned_share, 1) AS planned_share,
        coalesce(actual_share, 1) AS actual_share, coalesce(more, 0) AS more,
        coalesce(scrapped, 0) AS scrapped, coalesce(expected, 1) AS expected,
        coalesce(planned_count * unit_labour, 0) AS planned_labour,
        coalesce(printed_count * unit_labour, 0) AS labour,
        (coalesce(good_count, 0) - planned_count) * unit_labour AS caused_output_labour,
        coalesce(scrapped_count, 0) * unit_labour AS caused_scrap_labour, {caused}
    FROM totals LEFT JOIN paced ON paced.run_id = totals.id
    LEFT JOIN by_item ON by_item.run_id = totals.id
        AND by_item.item_id = coalesce(paced.item_id, 0)
)
"""

# A need counts for the filament it was planned with most, else for that of its spool.
_BY_MATERIAL = """
, by_need AS (
    SELECT run_id, requirement, {sums_of_caused} FROM caused GROUP BY run_id, requirement
), filaments AS (
    SELECT DISTINCT ON (run_id, requirement) run_id, requirement, filament_id
    FROM (
        SELECT run_id, coalesce(stands_for, requirement) AS requirement,
            sum(planned_grams) AS grams,
            coalesce(planned_filament, spool_filament, filament_id) AS filament_id
        FROM joined LEFT JOIN stand_ins USING (run_id, requirement) GROUP BY 1, 2, 4
    ) AS uses ORDER BY run_id, requirement, grams DESC, filament_id NULLS LAST
), parts AS (
    SELECT totals.id, status, totals.finished_at, totals.created_at, reason, no_material,
        CASE WHEN bool_or(needs.assumed_grams > 0
            AND needs.assumed_grams = needs.actual_grams) OVER (PARTITION BY needs.run_id)
            THEN 'not_measured' END AS no_grams,
        filament.id AS filament_id,
        coalesce(filament.material_type_id, -needs.requirement) AS material_type_id,
        needs.planned_grams, needs.actual_grams, needs.assumed_grams,
        needs.planned_cost AS planned_material, needs.taken_cost AS material,
        1 AS planned_share, 1 AS actual_share, {caused}
    FROM needs JOIN totals ON totals.id = needs.run_id
    JOIN filaments ON filaments.run_id = needs.run_id AND filaments.requirement = needs.requirement
    LEFT JOIN inventory_filament named ON named.id = filaments.filament_id
    LEFT JOIN inventory_filament filament
        ON filament.id = coalesce(named.merged_into_id, named.id)
    LEFT JOIN by_need ON by_need.run_id = needs.run_id AND by_need.requirement = needs.requirement
)
"""

_CAUSED = [
    *(f"{part}_grams" for part in OF_GRAMS if part != "lost"),
    *(f"{part}_material" for part in PARTS if part not in ("lost", "time")),
]
_ACTUAL = {"grams": "actual_grams", "minutes": "actual_minutes"}
_CAUSED_SUM = "sum({0}) AS caused_{0}"
_OUTPUT_SUM = "sum(CASE WHEN status = 'completed' THEN {0} ELSE -{1} END)"  # or all of the plan
_TIMED = ("minutes", "machine", "energy")


def of_runs(key):
    """The statement that sums the parts of runs by the SQL expression ``key``."""
    sums = [_sums(figure, _ACTUAL.get(figure, figure)) for figure in FIGURES]
    sums += [_assumed("grams"), _assumed("minutes")]
    return _statement(_BY_ITEM, key, [f"no_{figure}" for figure in FIGURES], sums)


def of_materials(key):
    """The statement that sums the parts of grams and material by the SQL expression ``key``:
    one of MATERIAL_KEYS, or made of it."""
    sums = [_sums("grams", "actual_grams"), _sums("material", "material"), _assumed("grams")]
    return _statement(_BY_MATERIAL, key, ["no_grams", "no_material"], sums)


def _statement(parts, key, reasons, sums):
    fragments = {
        "sums_of_caused": ", ".join(map(_CAUSED_SUM.format, _CAUSED)),
        "caused": ", ".join(f"caused_{name}" for name in _CAUSED),
    }
    for name, fragment in fragments.items():
        parts = parts.replace(f"{{{name}}}", fragment)
    bases = ", ".join(["reason", *reasons])
    grouped = f"""
        SELECT {key} AS key, {bases}, count(DISTINCT id) AS runs,
            {", ".join(sums)}
        FROM parts GROUP BY 1, {bases} ORDER BY 1 NULLS LAST
    """  # nosec B608
    return sql.of_shares() + _NEEDS + parts + grouped


def _sums(figure, actual):
    """Planned, actual and parts of a figure, as columns; of a run that was given up all is lost."""
    planned = f"planned_{figure}"
    if figure != "labour":
        planned, actual = f"{planned} * planned_share", f"{actual} * actual_share"
    columns = {
        "planned": f"sum({planned})",
        "actual": f"sum({actual})",
        "output": _OUTPUT_SUM.format(_part("output", figure), planned),
        "lost": f"sum({actual}) FILTER (WHERE status <> 'completed')",
    }
    for name in NAMES[figure]:
        if name not in columns:
            columns[name] = f"sum({_part(name, figure)}) FILTER (WHERE status = 'completed')"
    return ", ".join(f"{column} AS {name}_{figure}" for name, column in columns.items())


def _assumed(figure):
    column = f"assumed_{figure}"
    return f"sum({column} * actual_share) AS {column}"


def _part(name, figure):
    if figure not in _TIMED:
        return f"caused_{name}_{figure}"
    planned, actual = f"planned_{figure}", _ACTUAL.get(figure, figure)
    return {
        "output": f"{planned} * more",
        "scrap": f"{planned} * scrapped",
        "time": f"({actual} - {planned} * expected) * actual_share",
    }[name]
