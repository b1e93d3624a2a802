"""Words of a search, as the database's ``words_of`` splits them, and the days among them."""

import re
import unicodedata
from functools import reduce
from operator import and_, or_

from django.db import models
from django.db.models import Func, Q, Value
from django.utils.translation import gettext as _

from tenants.operations.parsing import parse_day
from tenants.operations.refusals import Invalid
from tenants.operations.text import one_line

MAX_WORDS = 20  # of a search: each is looked for in every row
MARKS = re.compile("[\u0300-\u036f]")
BETWEEN = re.compile(r"[\W_]+")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH = re.compile(rf"({'|'.join(MONTHS)})[a-z]*\.?", re.IGNORECASE)
IN_NUMBERS = re.compile(r"[0-9]{8}")  # as numbers of runs have it


class TooManyWords(Invalid):
    code = "too_many_words"
    title = "The search has too many words"


class HasWord(Func):
    """Whether the words of ``expression``, written as its index has it, have one that begins with
    ``word``, which is one of `parts`."""

    output_field = models.BooleanField()

    def __init__(self, expression, word):
        template = f"({expression} @@ (%(expressions)s)::tsquery)"
        super().__init__(Value(f"'{word}':*"), template=template)


class FoundByWords:
    """Of a QuerySet: ``matching``, by the ``contains`` of its fields or by the beginnings of words
    in ``words``, an SQL expression of a tsvector, as the search of the farm finds them."""

    contains = ()
    words = ""

    def matching(self, word):
        """With the word in one of the fields, in any case, or with each of its parts at the
        beginning of a word."""
        found = reduce(or_, (Q(**{f"{name}__icontains": word}) for name in self.contains))
        return self.filter(found | all_parts(word, self.having))

    def having(self, part):
        """The condition of those that have a word that begins with ``part``."""
        rows = self.model._base_manager.filter(HasWord(self.words, part))
        return Q(pk__in=rows.order_by().values("pk"))


def words_in(text, *, field):
    """The words of a search, in the form that is stored. Raises TooManyWords, for the ``field``."""
    words = with_days(one_line(text).split())
    require_few(words, field=field)
    return words


def require_few(words, *, field):
    """Raises TooManyWords."""
    if len(words) > MAX_WORDS:
        message = _("A search has at most %(count)s words.") % {"count": MAX_WORDS}
        raise TooManyWords.of(field, message)


def all_parts(word, having):
    """The condition of all ``having(part)`` of a word; that of no row where it has none."""
    found = parts(word)
    if not 0 < len(found) <= MAX_WORDS:
        return Q(pk__in=[])
    return reduce(and_, map(having, found))


def parts(text):
    """The words of a text: in small letters, without accents, of letters and digits alone."""
    plain = MARKS.sub("", unicodedata.normalize("NFD", text)).lower().replace("ß", "ss")
    return sorted({part for part in BETWEEN.split(plain) if part})


def with_days(words):
    """The words, with "30 Nov 2026" and "Nov 30, 2026", as days are displayed, as 2026-11-30."""
    found, at = [], 0
    while at < len(words):
        day = _named_day(words[at : at + 3])
        found.append(day.isoformat() if day else words[at])
        at += 3 if day else 1
    return found


def as_day(word):
    """The day of 2026-11-30, 30.11.2026 or 20261130; None of anything else."""
    if IN_NUMBERS.fullmatch(word):
        word = f"{word[:4]}-{word[4:6]}-{word[6:]}"
    try:
        return parse_day(word.rstrip("."), is_dotted_allowed=True)
    except ValueError:
        return None


def _named_day(words):
    if len(words) < 3:
        return None
    first, second, year = (word.rstrip(".,") for word in words)
    month, day = (first, second) if MONTH.fullmatch(first) else (second, first)
    if not MONTH.fullmatch(month):
        return None
    return as_day(f"{day}.{MONTHS.index(month[:3].lower()) + 1}.{year}")
