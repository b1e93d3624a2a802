"""Strict JSON: exact numbers, bounded depth and size, text that can be stored."""

import json
from decimal import Decimal, DecimalException

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from tenants.operations.refusals import Invalid
from tenants.web.failures import UnusableText
from tenants.web.requests import too_large

MAX_DEPTH = 20
MAX_VALUES = 20_000  # of a body, lists and objects counted too; a view may allow more


class TooDeep(Invalid):
    code = "too_deep"
    title = "The body is nested too deep"


class TooManyValues(Invalid):
    code = "too_many_values"
    title = "The body has too many values"


class StrictJSONParser(JSONParser):
    """Numbers with a point become Decimals, never floats; NaN and Infinity are refused."""

    def parse(self, stream, media_type=None, parser_context=None):
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise too_large(limit)
        _bound(raw, _max_values(parser_context))
        try:
            data = json.loads(
                raw.decode("utf-8-sig"),
                parse_float=Decimal,
                parse_constant=_refuse_constant,
                object_pairs_hook=_object,
            )
        except RecursionError:
            raise _too_deep() from None
        except (ValueError, DecimalException) as error:
            raise ParseError(_("The body is not JSON: %(error)s") % {"error": error}) from error
        _check(data)
        return data


def _max_values(context):
    return getattr((context or {}).get("view"), "max_values", None) or MAX_VALUES


def _bound(raw, most):
    """Refuse more values than anybody needs, before each of them costs its object in memory."""
    count = raw.count(b",") + raw.count(b"[") + raw.count(b"{") + 1  # or a few less: see a text
    if count > most:
        detail = _("The body has more than %(most)s values: send less at once.") % {"most": most}
        raise TooManyValues(detail, most_values=most)


def _refuse_constant(name):
    raise ValueError(_("%(name)s is not a number of JSON") % {"name": name})


def _object(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(_("a name is twice in one object"))
    return found


def _check(data):
    """Refuse what is nested too deep, and text that PostgreSQL can't store."""
    level = [data]
    for _level in range(MAX_DEPTH):
        texts = [value for value in level if isinstance(value, str)]
        texts += [name for value in level if isinstance(value, dict) for name in value]
        if not all(map(_is_storable, texts)):
            raise UnusableText(_("A text contains NUL or half of a surrogate pair."))
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return
    raise _too_deep()


def _inside(value):
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _is_storable(text):
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _too_deep():
    detail = _("The body is nested deeper than %(levels)s levels.") % {"levels": MAX_DEPTH}
    return TooDeep(detail, most_levels=MAX_DEPTH)
