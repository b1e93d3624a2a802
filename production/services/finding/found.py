"""What of a farm is found by words: rows by kind, the best first."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from inventory import codes
from inventory.models import Filament, Spool
from production.services.finding import statements
from tenants.operations.compiled import IDS, IsOneOf, compiled
from tenants.operations.searching import MAX_WORDS, as_day, require_few, with_days
from tenants.operations.text import one_line

LIMIT = 8  # rows of a kind
MAX_LENGTH, MAX_LENGTH_OF_A_WORD = 300, 100
# In the order in which they are shown; what may be seen of a farm decides who finds them.
PERMISSIONS = {
    "spool": "inventory.view_spool",
    "run": "production.view_productionrun",
    "order": "production.view_productionrun",
    "printer": "production.view_printer",
    "product": "production.view_product",
    "filament": "inventory.view_filament",
    "lot": "inventory.view_spool",
    "sliced_file": "production.view_slicedfile",
    "user": "accounts.view_user",
}
PLACE, DATE = range(3, 7), range(4, 9)  # digits at the end and in the middle of a run's number


class Word(NamedTuple):
    """A word as a query; ids of what it finds in small tables, and of what else it finds any;
    the day that it is."""

    word: str
    query: str
    of_spool: str
    makers: list
    types: list
    places: list
    is_of_spool: bool
    is_of_filament: bool
    is_of_product: bool
    day: date | None


@dataclass
class FoundRow:
    """``name`` is what it is called, ``row`` the spool or filament, else None. Of a run there are
    its status, the products and the orders that have the words."""

    kind: str
    id: int
    name: str
    is_exact: bool
    is_in_use: bool
    total: int | None
    status: str = ""
    products: tuple = ()
    orders: tuple = ()
    row: object = None


@dataclass
class FoundKind:
    """Its first rows; ``total`` is None where it was not counted, ``has_more`` whether there are
    more than these."""

    kind: str
    rows: list
    has_more: bool
    total: int | None


def find(text, *, user):
    """``[FoundKind]`` of what has each of the words, in its text or that of what it is made of:
    a word is found by its beginning, without case and accents.

    A day, however it is written, finds what was planned, is due or was finished or received on it;
    what has it in its text comes besides. Kinds in which something is called just so come first.
    Raises TooManyWords.
    """
    text = one_line(text.replace("\0", " "))[:MAX_LENGTH]
    if not text:
        return []
    words = with_days(text.split())
    days = [as_day(word) for word in words]
    dated = [f"{day:%Y%m%d}" if day else word for word, day in zip(words, days, strict=True)]
    found = _find(" ".join(dated), user)
    if dated != text.split():
        kinds = {each.kind for each in found}
        found += [each for each in _find(text, user) if each.kind not in kinds]
    return found


def _find(text, user):
    with transaction.atomic():
        words = _words(text)
        kinds = [kind for kind, needed in PERMISSIONS.items() if user.has_perm(needed)]
        rows = _rows(kinds, words, _parameters(text, words)) if words else []
    _load(rows)
    found = [_of_kind(kind, [row for row in rows if row.kind == kind]) for kind in kinds]
    return sorted(filter(None, found), key=lambda each: not each.rows[0].is_exact)


def _words(text):
    """The Words, without those that another begins with. From here on to the end of the
    transaction PostgreSQL reads by indexes. Raises TooManyWords."""
    cut = " ".join(word[:MAX_LENGTH_OF_A_WORD] for word in text.split())
    with connection.cursor() as cursor:
        cursor.execute(statements.WORDS, {"text": cut, "limit": MAX_WORDS + 1})
        found = [Word(*row[:-1], as_day(row[0])) for row in cursor.fetchall()]
    require_few(found, field="q")
    return [each for each in found if not any(_begins(each, other) for other in found)]


def _begins(word, other):
    """Whether what has the other word has this one too."""
    return word is not other and other.word.startswith(word.word)


def _parameters(text, words):
    plain = [each.word for each in words]
    dates = [word for word in plain if word.isdecimal() and len(word) in DATE]
    # An order is looked for by the words that it alone can have.
    of_order = [each for each in words if not each.is_of_product and each.word not in dates]
    day = next((each.day for each in words if each.day), None)
    start, end = _moments(day) if day else (None, None)
    parameters = {
        "exact": text.upper(),
        "code": codes.normalise(text),
        "all": _all(words),
        "of_order": _all(of_order or words),
        "limit": LIMIT + 1,
        "day": day,
        "day_word": f"{day:%Y%m%d}" if day else "",
        "day_start": start,
        "day_end": end,
        "places": [word for word in plain if word.isdecimal() and len(word) in PLACE],
        "dates": dates,
    }
    for n, each in enumerate(words):
        parameters |= {f"{name}_{n}": value for name, value in each._asdict().items()}
    return parameters


def _all(words):
    return " & ".join(each.query for each in words)


def _moments(day):
    """The start and the end of a day on the farm."""
    zone = timezone.get_current_timezone()
    return [datetime.combine(each, time.min, zone) for each in (day, day + timedelta(days=1))]


def _rows(kinds, words, parameters):
    named = [kind for kind in kinds if kind != "run"]
    sql = [statements.named(named, words), statements.RUNS if "run" in kinds else ""]
    rows = []
    with connection.cursor() as cursor:
        for statement in filter(None, sql):
            cursor.execute(statement, parameters)
            rows += [FoundRow(*row) for row in cursor.fetchall()]
    return rows


def _load(rows):
    """Adds spools and filaments, whose names are made of what belongs to them."""
    for kind, read in (("spool", _spools), ("filament", _filaments)):
        of_kind = {each.id: each for each in rows if each.kind == kind}
        for row in read(ids=list(of_kind)) if of_kind else ():
            of_kind[row.pk].row, of_kind[row.pk].name = row, str(row)


@compiled(ids=IDS)
def _spools(ids):
    return Spool.objects.with_filament().filter(IsOneOf("pk", ids)).order_by("pk")


@compiled(ids=IDS)
def _filaments(ids):
    return Filament.objects.with_makers().filter(IsOneOf("pk", ids)).order_by("pk")


def _of_kind(kind, rows):
    if not rows:
        return None
    return FoundKind(kind, rows[:LIMIT], len(rows) > LIMIT, rows[0].total)
