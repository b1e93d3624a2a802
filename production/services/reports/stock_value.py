"""Stock in grams and money as of any moment, and what changed it between two.

What a spool is worth is its balance x its own cost per gram of that moment: that of its newest
entry that is no reversal (which repeats an older one), or a price that was entered for it since,
for a spool without a price for its filament. Nothing is assumed before a price was known: these
grams are counted beside the money. Archived spools are not in stock.

Both come from the same steps: the entries of the ledger in their order, prices by the audit trail,
and spools archived and restored. The stock of a moment is the last of each of a spool until then,
so the changes between two moments add up to the difference of their stocks.
"""

from inventory.models import Filament, Location, MaterialType, Spool
from inventory.models.ledger import REVALUED
from production.services.reports.statements import names_of
from production.services.statements import fetched
from production.services.variance import GRAM_PLACES, rounded

NAMED = {
    "filament": Filament.objects.with_makers(),
    "material_type": MaterialType.objects,
    "location": Location.objects,
    "spool": Spool.objects.with_filament(),
}
KEYS = {
    None: "NULL::bigint",
    "filament": "spool.filament_id",
    "material_type": "filament.material_type_id",
    "location": "spool.location_id",
    "spool": "spool.id",
}
PRICE_KNOWN, REVALUATION = "price_known", "revaluation"
KINDS = (
    "receipt",
    "usage",
    "waste",
    "return",
    "count",
    "adjustment",
    "reversal",
    "archived",
    "restored",
    REVALUATION,
    PRICE_KNOWN,
)

# A clock that was wrong leaves entries that are dated after one that follows: these happened before
# it, at its moment at the latest.
_CHOSEN = """
WITH chosen AS (
    SELECT id, filament_id, location_id, price, initial_grams FROM inventory_spool
    WHERE id IN ({spools}) {narrowed}
)
"""

# What was entered as the price of the row ``spool``, or of its filament where it has none.
_PRICES = """
    SELECT event.at, event.id,
        round((changes->'price'->>1)::numeric / spool.initial_grams, 8) AS rate
    FROM accounts_auditevent event
    WHERE object_type = 'inventory.spool' AND object_id = spool.id AND verb = 'change'
        AND changes->'price'->>1 IS NOT NULL
        AND (%(until)s::timestamptz IS NULL OR event.at < %(until)s)
    UNION ALL
    SELECT event.at, event.id, round((changes->'price'->>1)::numeric / filament.net_grams, 8)
    FROM accounts_auditevent event JOIN inventory_filament filament ON filament.id = object_id
    WHERE object_type = 'inventory.filament' AND object_id = spool.filament_id
        AND spool.price IS NULL AND verb = 'change' AND changes->'price'->>1 IS NOT NULL
        AND filament.net_grams > 0 AND (%(until)s::timestamptz IS NULL OR event.at < %(until)s)
"""

# The newest entry of each spool until then, by the index of spools: the ledger is not summed.
_AS_OF = f"""
, held AS (
    SELECT spool.*, newest.balance_grams AS grams, CASE
            WHEN rated.id IS NULL OR priced.at > (
                SELECT min(later.created_at) FROM inventory_inventorytransaction later
                WHERE later.spool_id = spool.id AND later.id >= rated.id
            ) THEN priced.rate ELSE rated.cost_per_gram END AS rate
    FROM chosen spool CROSS JOIN LATERAL (
        SELECT id, balance_grams FROM inventory_inventorytransaction entry
        WHERE entry.spool_id = spool.id
            AND (%(until)s::timestamptz IS NULL OR created_at < %(until)s)
        ORDER BY id DESC LIMIT 1
    ) AS newest LEFT JOIN LATERAL (
        SELECT id, cost_per_gram FROM inventory_inventorytransaction entry
        WHERE entry.spool_id = spool.id AND entry.id <= newest.id AND kind <> 'reversal'
        ORDER BY id DESC LIMIT 1
    ) AS rated ON true
    LEFT JOIN LATERAL (
        SELECT at, rate FROM ({_PRICES}) AS prices ORDER BY at DESC, id DESC LIMIT 1
    ) AS priced ON true
    LEFT JOIN LATERAL (
        SELECT verb FROM inventory_spoolevent event
        WHERE event.spool_id = spool.id AND verb IN ('archived', 'restored')
            AND (%(until)s::timestamptz IS NULL OR at < %(until)s)
        ORDER BY at DESC, verb, id DESC LIMIT 1
    ) AS holds ON true
    WHERE newest.balance_grams > 0 AND holds.verb IS DISTINCT FROM 'archived'
)
SELECT {{key}} AS key, count(*) AS spools, sum(grams) AS grams,
    coalesce(sum(grams * rate), 0) AS value,
    coalesce(sum(grams) FILTER (WHERE rate IS NULL), 0) AS unknown
FROM held AS spool JOIN inventory_filament filament ON filament.id = spool.filament_id
GROUP BY 1 ORDER BY 1 NULLS LAST
"""  # nosec B608

# Only spools that something happened to in this time have changed.
_DURING = "{0} >= %(since)s AND (%(until)s::timestamptz IS NULL OR {0} < %(until)s)"
_TOUCHED = f"""
    AND (%(since)s::timestamptz IS NULL OR id IN (
        SELECT spool_id FROM inventory_inventorytransaction WHERE {_DURING.format("created_at")}
        UNION SELECT spool_id FROM inventory_spoolevent WHERE {_DURING.format("at")}
        UNION SELECT object_id FROM accounts_auditevent
            WHERE object_type = 'inventory.spool' AND {_DURING.format("at")}
    ) OR filament_id IN (
        SELECT object_id FROM accounts_auditevent
        WHERE object_type = 'inventory.filament' AND {_DURING.format("at")}
    ))
"""  # nosec B608

_STEPS = f"""
, happened AS (
    SELECT spool_id, at, 2 AS place, id, balance_grams AS balance,
        CASE WHEN reason = %(revalued)s THEN 'revaluation' ELSE kind END AS kind,
        cost_per_gram AS rate, kind <> 'reversal' AS is_rated, NULL::boolean AS is_held, credit,
        CASE WHEN credit IS NULL AND 'return' IN (kind, CASE WHEN kind = 'reversal' THEN (
            SELECT origin.kind FROM inventory_inventorytransaction origin
            WHERE origin.id = entry.reverses_id
        ) END) THEN coalesce(reverses_id, id) END AS uncredited_id
    FROM (
        SELECT *, min(created_at) OVER (PARTITION BY spool_id ORDER BY id DESC) AS at
        FROM inventory_inventorytransaction WHERE spool_id IN (SELECT id FROM chosen)
    ) AS entry
    WHERE %(until)s::timestamptz IS NULL OR at < %(until)s
    UNION ALL
    SELECT spool_id, at, CASE verb WHEN 'restored' THEN 1 ELSE 3 END, id, NULL, verb, NULL, false,
        verb = 'restored', NULL, NULL
    FROM inventory_spoolevent
    WHERE spool_id IN (SELECT id FROM chosen) AND verb IN ('archived', 'restored')
        AND (%(until)s::timestamptz IS NULL OR at < %(until)s)
    UNION ALL
    SELECT spool.id, prices.at, 1, prices.id, NULL, 'revaluation', rate, true, NULL, NULL, NULL
    FROM chosen spool CROSS JOIN LATERAL ({_PRICES}) AS prices
), counted AS (
    SELECT *, count(balance) OVER whole AS balances, count(is_held) OVER whole AS holds,
        count(*) FILTER (WHERE is_rated) OVER whole AS rates,
        row_number() OVER whole AS number
    FROM happened
    WINDOW whole AS (PARTITION BY spool_id ORDER BY at, place, id)
), filled AS (
    SELECT spool_id, at, kind, number, credit, uncredited_id,
        CASE WHEN first_value(is_held) OVER held IS FALSE THEN 0
            ELSE coalesce(first_value(balance) OVER balanced, 0) END AS grams,
        CASE WHEN rates > 0 THEN first_value(rate) OVER rated END AS rate
    FROM counted
    WINDOW balanced AS (PARTITION BY spool_id, balances ORDER BY number),
        rated AS (PARTITION BY spool_id, rates ORDER BY number),
        held AS (PARTITION BY spool_id, holds ORDER BY number)
)
"""  # nosec B608

_CHANGED = """
, stepped AS (
    SELECT *, lag(grams, 1, 0) OVER whole AS grams_before, lag(rate) OVER whole AS rate_before
    FROM filled WINDOW whole AS (PARTITION BY spool_id ORDER BY number)
), parts AS (
    SELECT kind, at, grams - grams_before AS grams, (grams - grams_before) * rate AS value,
        CASE WHEN rate IS NULL THEN grams - grams_before ELSE 0 END AS unknown,
        credit, uncredited_id
    FROM stepped
    UNION ALL
    SELECT CASE WHEN rate IS NULL OR rate_before IS NULL THEN 'price_known'
            ELSE 'revaluation' END,
        at, 0, grams_before * (coalesce(rate, 0) - coalesce(rate_before, 0)),
        grams_before * ((rate IS NULL)::int - (rate_before IS NULL)::int), NULL, NULL
    FROM stepped WHERE rate IS DISTINCT FROM rate_before AND grams_before <> 0
), during AS (
    SELECT * FROM parts WHERE %(since)s::timestamptz IS NULL OR at >= %(since)s
), uncredited AS (
    SELECT uncredited_id FROM during WHERE uncredited_id IS NOT NULL
    GROUP BY uncredited_id HAVING count(*) = 1
)
SELECT kind, sum(grams) AS grams, coalesce(sum(value), 0) AS value, sum(unknown) AS unknown,
    coalesce(sum(credit), 0) AS credit,
    bool_or(uncredited_id IN (SELECT uncredited_id FROM uncredited)) AS is_credit_unknown
FROM during
GROUP BY 1 HAVING bool_or(grams <> 0 OR value <> 0 OR unknown <> 0 OR credit <> 0)
"""


def stock_as_of(moment, *, group_by=None, spools=None):
    """What spools (a QuerySet; all of them by default) held right before ``moment``; None is now.

    A list of dicts, one a group, in order of the key: ``key``, ``name``, ``spools`` that held
    something, ``grams``; ``value`` (None where the cost of a part is unknown), ``known_value``,
    ``grams_of_unknown_value``. ``group_by`` is None, filament, material_type, location or spool:
    as they are now. Two queries at most.
    """
    statement = _CHOSEN.replace("{narrowed}", "") + _AS_OF.replace("{key}", KEYS[group_by])
    rows = _fetched(statement, spools, until=moment)
    names = names_of(rows, NAMED[group_by]) if group_by else {}
    return [
        {
            "key": None if row["key"] is None else str(row["key"]),
            "name": names.get(row["key"]),
            "spools": row["spools"],
            **_figures(row),
        }
        for row in rows
    ]


def changes_of_stock(since, until, *, spools=None):
    """What changed the stock from right before ``since`` until right before ``until``: a list of
    dicts, one for each of KINDS that there is. Their sums are the difference of the two stocks.
    One query.

    ``known_credit`` is what suppliers credited for what went back, whatever it was worth, less that
    of returns that were reversed; ``credit`` is None where a part of it is not known: one that was
    reversed between the two moments cancels out. It is no part of the stock. A ``revaluation`` is
    what a spool held x its change of price, and what was posted again for it; ``price_known`` the
    same where a price became known, or is known no more.
    """
    statement = _CHOSEN.replace("{narrowed}", _TOUCHED) + _STEPS + _CHANGED
    rows = _fetched(statement, spools, since=since, until=until)
    found = {row["kind"]: row for row in rows}
    return [{"kind": kind, **_changed(found[kind])} for kind in KINDS if kind in found]


def _fetched(statement, spools, **moments):
    spools = Spool.objects.all() if spools is None else spools
    return fetched(statement, {"revalued": REVALUED, **moments}, spools=spools)


def _changed(row):
    known = rounded(row["credit"])
    credit = None if row["is_credit_unknown"] else known
    return {**_figures(row), "credit": credit, "known_credit": known}


def _figures(row):
    return {
        "grams": rounded(row["grams"], GRAM_PLACES),
        "value": None if row["unknown"] else rounded(row["value"]),
        "known_value": rounded(row["value"]),
        "grams_of_unknown_value": rounded(row["unknown"], GRAM_PLACES),
    }
