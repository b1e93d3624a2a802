"""Whether an actual can be believed: far off its plan, it is more likely a slip than the truth."""

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
    looked at together. A print that was given up ``may_be_less``. Where only some lines are
    ``changed``, the others were accepted before.
    """
    groups = _planned_together(lines)
    if changed is not None:
        groups = [group for group in groups if any(line in changed for line in group)]
    doubtful = [group for group in groups if _is_off(group, percent, may_be_less)]
    if doubtful:
        figures = [_group_text(group, spools) for group in doubtful]
        raise ActualImplausible(
            _("Hard to believe: %(figures)s. Correct it, or confirm.")
            % {"figures": "; ".join(figures)},
            plausibility_percent=percent,
            materials=[
                {
                    "material_ids": [line.pk for line in group],
                    "planned_grams": _planned(group),
                    "actual_grams": _actual(group),
                }
                for group in doubtful
            ],
        )


def _planned_together(lines):
    groups = {}
    for line in lines:
        groups.setdefault((line.filament_id, line.material_type_id), []).append(line)
    for group in groups.values():
        if all(line.planned_total_grams for line in group):
            yield from ([line] for line in group)
        else:
            yield group


def _planned(group):
    return sum(line.planned_total_grams for line in group)


def _actual(group):
    return sum(line.actual_total_grams for line in group)


def _is_off(group, percent, may_be_less):
    planned, off = _planned(group), _actual(group) - _planned(group)
    if may_be_less and off < 0:
        return False
    return planned > 0 and abs(off) * 100 > planned * percent


def _group_text(group, spools):
    return _("%(spools)s took %(actual)s g, planned %(planned)s g") % {
        "spools": get_text_list([named(line, spools) for line in group], _("and")),
        "actual": format_number(_actual(group)),
        "planned": format_number(_planned(group)),
    }
