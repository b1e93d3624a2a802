"""Products whose bill of materials, or plate time, no longer fits what they really take.

Evidence is the newest N completed runs of that product alone, with grams that were weighed or
typed, and their minutes where those were typed; nobody looks for it years ago. What would have
fitted is the sum of what was used divided by the sum of what was printed, never a mean of ratios.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.utils.translation import gettext as _

from production.models import BomLine, Product
from production.services.runs.replanning import following
from production.services.variance import GRAM_PLACES, MINUTE_PLACES, rounded
from tenants.accounts.audited import audit, update
from tenants.accounts.models import FarmSettings
from tenants.operations.operation import operation
from tenants.operations.refusals import Refusal

LOOKED_AT = 100  # items of a product, the newest ones
EVIDENT = """
SELECT product.id, evidence.* FROM production_product product CROSS JOIN LATERAL (
    SELECT array_agg(run_id ORDER BY run_id) AS runs, array_agg(number ORDER BY run_id),
        sum(grams), sum(printed), sum(actual_minutes) FILTER (WHERE printed = quantity),
        sum(plate_count) FILTER (WHERE printed = quantity AND actual_minutes IS NOT NULL)
    FROM (
        SELECT run.id AS run_id, run.number, run.plate_count, made.quantity, made.printed,
            used.grams, CASE WHEN run.actual_minutes_source NOT IN ('as_planned', 'percent')
                THEN run.actual_minutes END AS actual_minutes
        FROM (
            SELECT DISTINCT run_id FROM (
                SELECT run_id FROM production_runitem WHERE product_id = product.id
                ORDER BY run_id DESC LIMIT %(looked_at)s
            ) AS item ORDER BY run_id DESC
        ) AS newest JOIN production_productionrun run ON run.id = newest.run_id
            AND run.status = 'completed' AND run.deleted_at IS NULL,
        LATERAL (
            SELECT sum(quantity) AS quantity, bool_and(product_id = product.id) AS is_alone,
                sum(coalesce(good_count, 0) + coalesce(scrapped_count, 0)) AS printed
            FROM production_runitem item WHERE item.run_id = run.id
        ) AS made,
        LATERAL (
            SELECT sum(actual_grams) AS grams,
                bool_and(actual_source IN ('weighed', 'metered', 'typed')) AS is_known
            FROM production_runmaterial line WHERE line.run_id = run.id
        ) AS used
        WHERE made.is_alone AND made.printed > 0 AND used.is_known
        ORDER BY newest.run_id DESC LIMIT %(last)s
    ) AS evident
) AS evidence
WHERE evidence.runs IS NOT NULL
    AND (%(products)s::bigint[] IS NULL OR product.id = ANY(%(products)s))
ORDER BY product.id
"""


class NoEvidence(Refusal):
    code = "no_evidence"
    title = "There is nothing to correct this product by"


@dataclass(frozen=True, kw_only=True)
class Alert:
    """A product, what it is planned with, and what would have fitted the runs ``run_ids``, whose
    numbers are ``run_numbers``; None if unknown."""

    product: Product
    planned_grams_per_unit: Decimal | None
    fitting_grams_per_unit: Decimal | None
    grams_percent: Decimal | None
    planned_plate_minutes: Decimal | None
    fitting_plate_minutes: Decimal | None
    minutes_percent: Decimal | None
    run_ids: list
    run_numbers: list

    def off_percent(self):
        """By how much grams or minutes are off, whichever is more; 0 where neither is known."""
        percents = (self.grams_percent, self.minutes_percent)
        return max((abs(percent) for percent in percents if percent is not None), default=0)

    def fitting(self, line):
        """Grams of a BOM line that would have fitted: all lines change in proportion."""
        planned, fitting = self.planned_grams_per_unit, self.fitting_grams_per_unit
        return fitting and rounded(line.grams_per_unit * fitting / planned, GRAM_PLACES)

    def lines(self):
        """The bill of materials as dicts: ``line``, a BomLine, and ``fitting_grams_per_unit``."""
        return [
            {"line": line, "fitting_grams_per_unit": self.fitting(line)}
            for line in self.product.bom_lines.all()
        ]


def evidence(products=None, *, last=10):
    """What would have fitted the last runs of each product (of these, where given), as Alerts,
    beyond the threshold or not; none of a product without such runs. Three queries."""
    ids = None if products is None else [product.pk for product in products]
    with connection.cursor() as cursor:
        cursor.execute(EVIDENT, {"last": last, "products": ids, "looked_at": LOOKED_AT})
        rows = cursor.fetchall()
    known = Product.objects.with_bom().in_bulk([row[0] for row in rows])
    return [_alert(known[product], *figures) for product, *figures in rows]


def alerts(*, last=10):
    """Alerts of all products that pass the farm's variance threshold; three queries."""
    threshold = FarmSettings.load().variance_alert_percent
    return [alert for alert in evidence(last=last) if alert.off_percent() > threshold]


def proposal(product, *, last=10):
    """The Alert of one product, beyond the threshold or not; the product comes with its bill of
    materials. Two queries or three."""
    found = next(iter(evidence([product], last=last)), None)
    return found or _alert(Product.objects.with_bom().get(pk=product.pk))


@operation("product.accept_actuals")
def accept(product, *, by, last=10):
    """Write what would have fitted into the product: grams of its BOM lines, in proportion, and
    its plate minutes. Planned runs follow. The evidence is stored in the audit trail. Returns the
    product.

    Raises NoEvidence.
    """
    product = Product.objects.select_for_update(no_key=True).get(pk=product.pk)
    alert = proposal(product, last=last)
    if not alert.run_ids or not alert.planned_grams_per_unit:
        raise NoEvidence(
            _(
                "%(product)s has no bill of materials, or no completed run of its own that was "
                "weighed or typed."
            )
            % {"product": product.sku},
            product_id=product.pk,
        )
    with following(product, by=by):
        for line in BomLine.objects.select_for_update(no_key=True).filter(product=product):
            update(line, by=by, grams_per_unit=alert.fitting(line))
        if alert.fitting_plate_minutes is not None:
            product = update(product, by=by, plate_minutes=alert.fitting_plate_minutes)
    audit("accept_actuals", product, by=by, changes={"evidence": [None, alert.run_numbers]})
    return product


def _alert(product, run_ids=(), numbers=(), grams=None, printed=None, minutes=None, plates=None):
    planned = product.bom_grams or None
    fitting = rounded(grams / printed, GRAM_PLACES) if printed else None
    plate_minutes = rounded(minutes / plates, MINUTE_PLACES) if minutes and plates else None
    return Alert(
        product=product,
        planned_grams_per_unit=planned,
        fitting_grams_per_unit=fitting,
        grams_percent=_percent(fitting, planned),
        planned_plate_minutes=product.plate_minutes,
        fitting_plate_minutes=plate_minutes,
        minutes_percent=_percent(plate_minutes, product.plate_minutes),
        run_ids=list(run_ids),
        run_numbers=list(numbers),
    )


def _percent(actual, planned):
    return rounded((actual - planned) * 100 / planned) if planned and actual is not None else None
