"""A farm whose columns hold what is hard to write as JSON: at the ends of their ranges, or special
to JSON, to SQL, to Python's formats or to browsers."""

from datetime import UTC, date, datetime
from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

from config.api.urls import router
from tests.factories import a_file_slot, a_plate
from tests.rows import ROWS

COUNT = 9  # rows of each list: at least as many as a column has values
TEXT = "\x01\b\t\n\x0b\f\r\x1f\"\\/\x7f\x80\u2028\u2029\ufeff\uffff\U0001f600é%s%%{0}<&>', : 漢"
MOMENTS = [
    datetime(1900, 1, 1, tzinfo=UTC),
    datetime(2999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 3, 29, 1, 0, 0, 1, tzinfo=UTC),  # when clocks in Berlin change
    datetime(2026, 10, 25, 0, 30, 0, 120000, tzinfo=UTC),
]
SORTED = {"code", "sku", "label"}  # that lists are sorted by, for being unique
BILL = {"filament": 7, "material_type": 2**40}
SLOT_TEXTS = ("source", "material", "color_hex", "profile")
SLOT = a_file_slot(2**31, "99999999.9999999", length_mm="0.0005", purge_grams="0")
PLATE = a_plate(SLOT)
JSON = {
    "bom": [
        [],
        [BILL | {"grams_per_unit": "12.5"}, BILL | {"grams_per_unit": "0.0000005"}],
        [{"material_type": 1, "filament": None, "grams_per_unit": "-99999999.999999"}],
    ],
    "overrides": [[], [TEXT, "", " , : "]],
    "changes": [
        {},
        {TEXT: [None, {"name": TEXT, "id": 1}], '"a": ': [1.5, -7], "b": [True, [', "', "\\"]]},
    ],
    "plates": [
        [],
        [PLATE | {"name": TEXT, "slots": [SLOT, SLOT | dict.fromkeys(SLOT_TEXTS, TEXT)]}],
        [PLATE | {"seconds": None, "objects": [{"name": TEXT, "count": 2**31}]}],
    ],
    "doubts": [[], [{"plate": 1, "slot": None, "code": TEXT, "detail": TEXT}]],
    "sliced_plates": [[1], [1, 2**31]],
    "problem": [{"title": TEXT, "errors": {"a": ["b: c, d"], "": []}, "count": 10**20, "of": {}}],
}


def fill():
    """Rows of every list, with a value of its own in each column."""
    views = [view for _, view, _ in router.registry if hasattr(view, "list")]
    models_of_farm = {view.queryset.model for view in views}
    with connection.cursor() as cursor:
        for model in models_of_farm:
            _allow_anything(cursor, model._meta.db_table)
    for name, (make, *_) in ROWS.items():
        if not name.startswith("reports/"):
            make(COUNT)
    for model in models_of_farm:
        columns = [each for each in model._meta.concrete_fields if _is_free(each)]
        for number, pk in enumerate(
            model._base_manager.order_by("pk").values_list("pk", flat=True)
        ):
            values = {each.attname: _value(each, number) for each in columns}
            values |= _missing(model, number)
            model._base_manager.filter(pk=pk).update(**values)


def _allow_anything(cursor, table):
    """Until the rollback."""
    cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
    cursor.execute(
        "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('c', 'u')",
        [table],
    )
    for (name,) in cursor.fetchall():
        cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
    cursor.execute(
        "SELECT indexrelid::regclass FROM pg_index"
        " WHERE indrelid = %s::regclass AND indisunique AND NOT indisprimary",
        [table],
    )
    for (name,) in cursor.fetchall():
        cursor.execute(f"DROP INDEX {name}")


def _is_free(column):
    return not (column.primary_key or column.is_relation or column.generated)


def _missing(model, number):
    """Of every third row, the rows that it may do without."""
    if number % 3 != 2:
        return {}
    return {
        each.attname: None for each in model._meta.concrete_fields if each.is_relation and each.null
    }


def _value(column, number):
    values = [None] if column.null else []
    values += _values(column, number)
    return values[number % len(values)]


def _values(column, number):
    if isinstance(column, ArrayField):
        return [[], [_text(8, number), "", _text(3, number + 5)]]
    if column.choices:
        return [name for name, _ in column.flatchoices]
    if isinstance(column, models.JSONField):
        return JSON.get(column.name, [{}])
    if isinstance(column, models.DecimalField):
        smallest = Decimal(1).scaleb(-column.decimal_places)
        most = Decimal(10) ** (column.max_digits - column.decimal_places) - smallest
        return [Decimal(0), most, smallest, -most, -smallest, most - most // 3]
    if isinstance(column, models.DateTimeField):
        return MOMENTS
    if isinstance(column, models.DateField):
        return [date(1900, 1, 1), date(2999, 12, 31), date(2028, 2, 29)]
    if isinstance(column, models.BooleanField):
        return [False, True]
    if isinstance(column, models.IntegerField):
        return [*connection.ops.integer_field_range(column.get_internal_type()), 1]
    if isinstance(column, models.UUIDField):
        return [column.get_default()]
    text = _text(column.max_length or len(TEXT), number)
    return [f"{number}{text}"[: column.max_length]] if column.name in SORTED else [text, ""]


def _text(size, number):
    start = number * 5 % len(TEXT)
    return (TEXT[start:] + TEXT[:start])[:size]
