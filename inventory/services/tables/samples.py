"""Sample tables, to be downloaded and filled in with one's own lines."""

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import inventory

FOLDER = Path(inventory.__file__).parent / "samples"
FOLDERS = {}  # of tables of other apps
TEXTS = {
    "manufacturer", "name", "material", "color_name", "color_hex", "article_number", "lot_number",
    "supplier", "location", "comment", "model", "slots", "notes", "sku", "description", "materials",
    "has_hardened_nozzle",
}  # fmt: skip


def table(name):
    """``(columns, rows)`` of a table, such as "filaments": its cells are numbers, dates, texts,
    or None."""
    with (FOLDERS.get(name, FOLDER) / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        columns, *lines = csv.reader(file)
    return columns, [list(map(_value, columns, line)) for line in lines]


def _value(column, text):
    if not text:
        return None
    if column in TEXTS:
        return text
    return date.fromisoformat(text) if column == "received_on" else Decimal(text)
