"""The catalogue of makers' filaments that all farms read, as it was imported.

It has a schema of its own, which the server's owner writes and everybody may read. Nothing of a
farm refers to it: an entry is the text that came, and the words to find it by.
"""

import json
import math
from decimal import Decimal

from django.db import connection, transaction

FILAMENT, MATERIAL = "filament", "material"
NAMES = ("manufacturer", "name", "material")  # the words of an entry
BATCH = 1000
CREATE = """
    CREATE SCHEMA IF NOT EXISTS catalogue;
    CREATE TABLE IF NOT EXISTS catalogue.entry (
        kind text NOT NULL, place integer NOT NULL, words text NOT NULL, content text NOT NULL,
        PRIMARY KEY (kind, place)
    );
    GRANT USAGE ON SCHEMA catalogue TO PUBLIC;
    GRANT SELECT ON catalogue.entry TO PUBLIC;
"""
EXISTS = "SELECT to_regclass('catalogue.entry') IS NOT NULL"
INSERT = "INSERT INTO catalogue.entry (kind, place, words, content) VALUES (%s, %s, %s, %s)"
ALL = "SELECT content FROM catalogue.entry WHERE kind = %s ORDER BY place"
FOUND = """
    SELECT content FROM catalogue.entry
    WHERE kind = %s AND NOT EXISTS (
        SELECT 1 FROM unnest(%s::text[]) AS word WHERE strpos(words, word) = 0
    )
    ORDER BY place LIMIT %s
"""


def replace(kind, entries):
    """Keep these entries instead of those of their kind before; returns how many. Only the owner
    of the database may."""
    rows = [
        (kind, place, words_of(entry), json.dumps(entry, default=_number, ensure_ascii=False))
        for place, entry in enumerate(each for each in entries if isinstance(each, dict))
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CREATE)
        cursor.execute("DELETE FROM catalogue.entry WHERE kind = %s", [kind])
        for start in range(0, len(rows), BATCH):
            cursor.executemany(INSERT, rows[start : start + BATCH])
    return len(rows)


def entries(kind):
    """The texts of all entries, in their order; [] where nothing was imported."""
    return _texts(ALL, [kind])


def find(kind, text, *, limit):
    """The first of those that have every word of a text in their maker, name and material."""
    words = text.lower().split()
    return _texts(FOUND, [kind, words, limit]) if words else []


def _texts(query, params):
    with connection.cursor() as cursor:
        cursor.execute(EXISTS)
        if not cursor.fetchone()[0]:
            return []
        cursor.execute(query, params)
        return [content for (content,) in cursor.fetchall()]


def words_of(entry):
    """What an entry is found by, in lower case."""
    return " ".join(str(entry.get(name) or "") for name in NAMES).lower()


def _number(value):
    """Whole numbers are written as such; what is no number is null."""
    if not isinstance(value, Decimal) or not math.isfinite(value):
        return None
    return int(value) if value == value.to_integral_value() else float(value)
