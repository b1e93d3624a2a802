"""Kinds of values in a body or a query, as pydantic reads them: a text that is a number is taken
for one, a number for a text is not.

A kind is a function that returns the value, or raises Unusable. Numbers are Decimals.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from django.utils.dateparse import parse_datetime

TRUE, FALSE = {"true", "t", "yes", "y", "on", "1"}, {"false", "f", "no", "n", "off", "0"}
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,6})?", re.ASCII)
NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.ASCII | re.IGNORECASE)
MILLISECONDS_FROM = 20_000_000_000  # a number of a moment that is above has milliseconds
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_ID_DIGITS = 18  # what has more is the id of no row
FIRST, LAST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)

TOO_SHORT = "String should have at least %(min_length)s character"  # always one
TOO_LONG = "String should have at most %(max_length)s characters"
NOT_WHOLE = "Input should be a valid integer, unable to parse string as an integer"
VALUE_ERROR = "Value error, %(message)s"
AT_LEAST = "Input should be greater than or equal to %(ge)s"
AT_MOST = "Input should be less than or equal to %(le)s"


class Unusable(Exception):
    """A value that is not of its kind: type, message and context as pydantic has them."""

    def __init__(self, kind, template, **context):
        super().__init__(template)
        self.kind, self.message, self.context = kind, template % context, context


def text(most=None, least=0, pattern=None):
    def read(value):
        if not isinstance(value, str):
            raise Unusable("string_type", "Input should be a valid string")
        if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise wrong("A text can't hold NUL or half of a surrogate pair.")
        if len(value) < least:
            raise Unusable("string_too_short", TOO_SHORT, min_length=least)
        if most is not None and len(value) > most:
            raise Unusable("string_too_long", TOO_LONG, max_length=most)
        if pattern and not re.fullmatch(pattern, value):
            raise unlike(pattern)
        return value

    return read


def number(*, least=None, above=None, most=None, digits=8, places=6):
    """With at most so many ``digits`` before the point; rounded half up to ``places``."""

    def read(value):
        found = _rounded(_decimal(value), digits, places)
        if above is not None and found <= above:
            raise Unusable("greater_than", "Input should be greater than %(gt)s", gt=above)
        return _within(found, least, most, digits)

    return read


def whole(*, least=None, most=None, digits=MAX_ID_DIGITS):
    def read(value):
        given = value.strip() if isinstance(value, str) else value
        if isinstance(given, str) and not re.fullmatch(r"[+-]?[0-9]+(\.0*)?", given):
            raise Unusable("int_parsing", NOT_WHOLE)
        if not isinstance(given, (str, int, float, Decimal)):
            raise Unusable("int_type", "Input should be a valid integer")
        found = _decimal(given)
        if found != found.to_integral_value():
            message = "Input should be a valid integer, got a number with a fractional part"
            raise Unusable("int_from_float", message)
        return int(_within(found, least, most, digits))

    return read


def flag(value):
    if isinstance(value, bool):
        return value
    known = value.lower() if isinstance(value, str) else None
    if isinstance(value, (int, Decimal)):
        known = {1: "1", 0: "0"}.get(value)
    if known in TRUE | FALSE:
        return known in TRUE
    if isinstance(value, (str, int, Decimal)):
        message = "Input should be a valid boolean, unable to interpret input"
        raise Unusable("bool_parsing", message)
    raise Unusable("bool_type", "Input should be a valid boolean")


def one_of(*names):
    def read(value):
        if not isinstance(value, str) or value not in names:
            quoted = [f"'{name}'" for name in names]
            expected = " or ".join(filter(None, [", ".join(quoted[:-1]), quoted[-1]]))
            raise Unusable("enum", "Input should be %(expected)s", expected=expected)
        return value

    return read


def moment(value):
    """An aware moment in UTC: from ISO 8601, or seconds or milliseconds since 1970."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        raise Unusable("datetime_type", "Input should be a valid datetime")
    given = value.strip() if isinstance(value, str) else value
    is_number = not isinstance(given, str) or NUMBER.fullmatch(given)
    found = _of_number(given) if is_number else _of_iso(given)
    if found is None or not FIRST <= found <= LAST:
        cause = "not ISO 8601, nor seconds since 1970"
        message = "Input should be a valid datetime or date, %(error)s"
        raise Unusable("datetime_parsing", message, error=cause)
    return found


def extra(value):
    """Of each key a text, or None to remove it."""
    if not isinstance(value, Mapping):
        raise Unusable("dict_type", "Input should be a valid dictionary")
    return value


def texts(value):
    """A list of texts."""
    if not isinstance(value, list):
        raise Unusable("list_type", "Input should be a valid list")
    return [text()(each) for each in value]


def wrong(message):
    """What pydantic calls a value error."""
    found = Unusable("value_error", "Value error", error={})
    found.message = VALUE_ERROR % {"message": message}
    return found


def unlike(pattern):
    message = "String should match pattern '%(pattern)s'"
    return Unusable("string_pattern_mismatch", message, pattern=pattern)


def _decimal(value):
    if isinstance(value, str):
        if NOT_FINITE.fullmatch(value.strip()):
            raise Unusable("finite_number", "Input should be a finite number")
        if not NUMBER.fullmatch(value.strip()):
            message = "Input should be a valid number, unable to parse string as a number"
            raise Unusable("float_parsing", message)
    elif not isinstance(value, (int, float, Decimal)):
        raise Unusable("float_type", "Input should be a valid number")
    try:
        found = Decimal(repr(value) if isinstance(value, float) else value)
    except (InvalidOperation, ValueError):
        found = Decimal("NaN")
    if not found.is_finite():
        raise Unusable("finite_number", "Input should be a finite number")
    return found


def _rounded(found, digits, places):
    """As it is, where it has too many digits."""
    if found.adjusted() > digits:
        return found
    return found.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _within(found, least, most, digits):
    if least is not None and found < least:
        raise Unusable("greater_than_equal", AT_LEAST, ge=least)
    most = 10**digits - 1 if most is None else most
    if found > most:
        raise Unusable("less_than_equal", AT_MOST, le=most)
    if found < -most:
        raise Unusable("greater_than_equal", AT_LEAST, ge=-most)
    return found


def _of_number(given):
    seconds = _decimal(given)
    if abs(seconds) > MILLISECONDS_FROM:
        seconds /= 1000
    try:
        return EPOCH + timedelta(microseconds=int(seconds * 1_000_000))
    except (OverflowError, ArithmeticError):
        return None


def _of_iso(given):
    try:
        found = parse_datetime(given) or datetime.fromisoformat(given)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
