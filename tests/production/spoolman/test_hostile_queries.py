"""No query makes a 5xx, whatever is in it."""

import pytest

from production.spoolman import exports, filters, groups, lists, search
from tests.factories import a_spool
from tests.production.spoolman.shelf import a_field, with_extra

SHARE = 6  # one of so many values for each parameter, another one for the next
OWN = ["extra.text", "extra.n", "extra.range", "extra.many", "extra.at", "extra.yes", "sort", "tag"]
RELATED = ["filament.extra.text", "filament.vendor.extra.text"]
QUERIES = {
    "spool": [*lists.OF_SPOOLS, *filters.SPOOLS, *filters.OLD_OF_SPOOLS, *OWN, *RELATED],
    "filament": [*lists.OF_FILAMENTS, *filters.FILAMENTS, "color_hex", *OWN],
    "vendor": ["limit", "offset", *filters.VENDORS, *OWN],
    "spool/group": [*groups.GIVEN, *OWN],
    "search": [*search.GIVEN],
    "export/spools": [*exports.FORMAT, "allow_archived"],
    "external/filament/search": ["query", "limit"],
}
NEEDED = {
    "spool/group": "group_by=extra.text",
    "search": "q=a",
    "export/spools": "fmt=csv",
    "external/filament/search": "query=a",
}
VALUES = [
    *("", "%20", "%25", "_", "%5C", "%22", "%22%22", ",", ",,", "%FF%FE", "%ED%A0%80", "%00", "é"),
    *("-1", "0", "1", "1e999", "NaN", "Infinity", "9" * 30, "-" + "9" * 18, "1.5", "٣", "1_000"),
    *("null", "[1,2]", "{}", "true", "1:", ":", "1:2", "a:b", "|", "a|b", "||", "0001-01-01|"),
    *("9999-12-31T23:59:59-23:59", "2026-02-30", "1e5|1e999", "|-62135596800", "a," * 300),
    *("id:asc", "extra.n:desc", "extra.text:asc", "extra.range:asc", "extra.:asc", ".:asc", "a.b"),
    *("filament.:asc", "filament.vendor.:asc", "filament.vendor.x.y:asc", "%F0%9F%A6%84" * 100),
]


@pytest.mark.parametrize("path", QUERIES)
def test_no_query_makes_a_5xx(printer, path):
    a_field("text"), a_field("n", "integer"), a_field("range", "float_range")
    a_field("at", "datetime"), a_field("yes", "boolean")
    a_field("many", "choice", multi_choice=True, choices=["x"])
    nasty = {"text": '"\\ud800\\u0000"', "n": "1e400", "range": "[1e400, {}]", "many": "5"}
    with_extra(a_spool(), at="[]", yes='"x"', **nasty)
    wrong = []
    for place, name in enumerate(dict.fromkeys(QUERIES[path])):
        for value in VALUES[place % SHARE :: SHARE]:
            query = "&".join(filter(None, [NEEDED.get(path), f"{name}={value}"]))
            status = printer.get(f"{path}?{query}").status_code
            if status not in (200, 400, 422):
                wrong.append((query, status))
    assert wrong == []
