"""Whether an actual can be believed: far off its plan, it is more likely a slip than the truth."""

from collections import defaultdict

from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from production.services.completion.actuals import named
from tenants.operations.refusals import Refusal
from tenants.operations.text import format_number


class ActualImplausible(Refusal):
    code = "actual_implausible"
    title = "An actual is hard to believe"


def require_plausible(lines, spools, percent, *, may_be_less=False, changed=None):
    """Raise ActualImplausible for what is more than ``percent`` off a plan above zero.

    Lines of one requirement, where one has no plan of its own (a spool that was swapped in), are
    compared together. A print that was given up ``may_be_less``. Where only some lines are
    ``changed``, the others were accepted before.
    """
    doubtful = [
        (group, planned, actual)
        for group, planned, actual in _planned_together(lines)
        if changed is None or any(line in changed for line in group)
        if planned > 0 and abs(actual - planned) * 100 > planned * percent
        if not (may_be_less and actual < planned)
    ]
    if doubtful:
        figures = "; ".join(_group_text(*row, spools) for row in doubtful)
        raise ActualImplausible(
            _("Hard to believe: %(figures)s. Correct it, or confirm.") % {"figures": figures},
            plausibility_percent=percent,
            materials=[
                {
                    "material_ids": [line.pk for line in group],
                    "planned_grams": planned,
                    "actual_grams": actual,
                }
                for group, planned, actual in doubtful
            ],
        )


def _planned_together(lines):
    """``(lines, planned grams, actual grams)`` of each group."""
    together = defaultdict(list)
    for line in lines:
        together[line.filament_id, line.material_type_id].append(line)
    for whole in together.values():
        has_plans = all(line.planned_total_grams for line in whole)
        for group in [[line] for line in whole] if has_plans else [whole]:
            planned = sum(line.planned_total_grams for line in group)
            yield group, planned, sum(line.actual_total_grams for line in group)


def _group_text(group, planned, actual, spools):
    return _("%(spools)s took %(actual)s g, planned %(planned)s g") % {
        "spools": get_text_list([named(line, spools) for line in group], _("and")),
        "actual": format_number(actual),
        "planned": format_number(planned),
    }
