"""Whether an actual can be believed: far off its plan, it is more likely a slip than the truth."""

from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from production.services.completion.actuals import named
from production.services.completion.estimates import expected, requirements
from tenants.accounts.models import FarmSettings
from tenants.operations.refusals import Refusal
from tenants.operations.text import format_number


class ActualImplausible(Refusal):
    code = "actual_implausible"
    title = "An actual is hard to believe"


def require_plausible(run, lines, spools, *, may_be_less=False, changed=None, has_minutes=True):
    """Raise ActualImplausible for grams and minutes that are farther off a plan above zero than
    the farm's plausibility percent.

    Lines of one requirement, where one has no plan of its own (a spool that was swapped in), are
    compared together. A print that was given up ``may_be_less``. Where only some lines are
    ``changed``, or it has no new minutes, the others were accepted before.
    """
    percent = FarmSettings.load().plausibility_percent

    def is_doubtful(planned, actual):
        if not planned or actual is None or may_be_less and actual < planned:
            return False
        return abs(actual - planned) * 100 > planned * percent

    materials = [
        (group, planned, actual)
        for group, planned, actual in _planned_together(lines)
        if changed is None or any(line in changed for line in group)
        if is_doubtful(planned, actual)
    ]
    minutes = {"planned_minutes": run.planned_minutes, "actual_minutes": run.actual_minutes}
    if not (has_minutes and is_doubtful(*minutes.values())):
        minutes = {}
    if materials or minutes:
        raise _implausible(materials, minutes, spools, percent)


def _implausible(materials, minutes, spools, percent):
    figures, errors = [_group_text(*row, spools) for row in materials], None
    if minutes:
        text = _("it printed %(actual_minutes)s min, planned %(planned_minutes)s min")
        figures.append(text % {name: format_number(value) for name, value in minutes.items()})
        errors = {"actual_minutes": [_("Implausible: check it.")]}
    return ActualImplausible(
        _("Hard to believe: %(figures)s. Correct it, or confirm.")
        % {"figures": "; ".join(figures)},
        errors=errors,
        plausibility_percent=percent,
        materials=[
            {
                "material_ids": [line.pk for line in group],
                "planned_grams": planned,
                "actual_grams": actual,
            }
            for group, planned, actual in materials
        ],
        **minutes,
    )


def _planned_together(lines):
    """``(lines, planned grams, actual grams)`` of each group."""
    for whole in requirements(lines):
        has_plans = all(map(expected, whole))
        for group in [[line] for line in whole] if has_plans else [whole]:
            planned = sum(map(expected, group))
            yield group, planned, sum(line.actual_total_grams for line in group)


def _group_text(group, planned, actual, spools):
    return _("%(spools)s took %(actual)s g, planned %(planned)s g") % {
        "spools": get_text_list([named(line, spools) for line in group], _("and")),
        "actual": format_number(actual),
        "planned": format_number(planned),
    }
