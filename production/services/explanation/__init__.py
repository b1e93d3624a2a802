"""Why a run did not cost what was planned: its difference in parts that sum to it.

A run that was completed is compared with its plan in one order: first the counts, good and
scrapped, at planned grams, minutes and prices; then grams and minutes a part; then the price of the
grams that were taken. What a run took that was given up is lost, all of it. A part with an unknown
in it is None, and with it the difference; nothing of an unknown is 0. Decision 0025 has the
formulas.
"""

from production.services.explanation.explaining import Explanation
from production.services.explanation.usual import usual_factors
from production.services.variance import loaded
from tenants.accounts.models import FarmSettings


def of_run(run):
    """The Explanation of one run; one query more than its variance, and four more of a run that
    was measured and planned by a sliced file."""
    return of(loaded(run))


def of(figures):
    """The Explanation of a Variance. One query, or five."""
    return Explanation(figures, FarmSettings.load().currency, usual_factors(figures))
