"""The explanation of a run as sentences: what it cost, and why not what was planned."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from production.models import ActualSource, ProductionRun
from production.models.corrections import factor_text
from production.services.explanation.causes import MAX_NAMED, causes_of, listed
from tenants.operations.text import format_amount, format_number

UNKNOWN = {
    "price": gettext_lazy("price unknown"),
    "grams": gettext_lazy("grams unknown"),
    "planned_minutes": gettext_lazy("planned minutes unknown"),
    "minutes": gettext_lazy("minutes unknown"),
}


def of(explanation):
    """``12.11 instead of 10.61 EUR (+1.50): +1.55 more grams per part (...), ...``"""
    if explanation.run.is_open:
        return _("Not over yet.")
    if explanation.figures.is_given_up:
        sentences = [_given_up(explanation)]
    else:
        sentences = [_compared(explanation), *_scrapped(explanation)]
    return " ".join(
        [
            *sentences,
            *_assumed(explanation),
            *_reported_beside(explanation),
            *_beside_slicer(explanation),
            *_corrected(explanation),
        ]
    )


def _given_up(explanation):
    total = explanation.costs["total"].displayed()
    lost, planned = total["parts"]["lost"], total["planned"]
    if lost is None:
        text = _("What it cost is unknown: %(unknown)s.")
    elif planned is None:
        text = _("%(lost)s %(currency)s lost; what was planned is unknown.")
    elif explanation.run.status == ProductionRun.Status.FAILED:
        text = _(
            "The print failed: %(lost)s %(currency)s lost, %(planned)s %(currency)s was planned."
        )
    else:
        text = _(
            "The run was cancelled: %(lost)s %(currency)s lost, %(planned)s %(currency)s was "
            "planned."
        )
    return text % _figures(explanation, lost=lost, planned=planned)


def _compared(explanation):
    total, causes = explanation.costs["total"].displayed(), causes_of(explanation)
    planned, actual, difference = (total[name] for name in ("planned", "actual", "difference"))
    if difference is None:
        return _not_compared(explanation, causes)
    if not any(cause.amount for cause in causes):
        text = _("%(actual)s %(currency)s, as planned.")
    elif planned == actual:
        text = _("%(actual)s %(currency)s, as planned in sum: %(causes)s.")
    else:
        text = _("%(actual)s instead of %(planned)s %(currency)s (%(difference)s): %(causes)s.")
    figures = _figures(explanation, planned=planned, actual=actual)
    figures["difference"] = format_amount(difference, is_signed=True)
    return text % {**figures, "causes": listed(causes, explanation.currency)}


def _not_compared(explanation, causes):
    """What keeps the cost from being compared, and what is known all the same."""
    figures = _figures(explanation)
    figures["causes"] = listed(causes, explanation.currency)
    if figures["causes"]:
        text = _("The cost can't be compared: %(unknown)s. Known, in %(currency)s: %(causes)s.")
        return text % figures
    grams = explanation.grams.figure
    if grams.actual is None:  # without a material
        return _("The cost can't be compared: %(unknown)s.") % figures
    figures |= {"actual": format_number(grams.actual), "planned": format_number(grams.planned)}
    text = _(
        "The cost can't be compared: %(unknown)s. It took %(actual)s of %(planned)s g planned."
    )
    return text % figures


def _scrapped(explanation):
    items = explanation.figures.items
    if not (scrapped := sum(item.scrapped_count or 0 for item in items)):
        return
    printed = sum(item.printed_count for item in items)
    amount = explanation.costs["total"].displayed()["parts"]["scrap"]
    if amount:
        text = ngettext(
            "%(scrapped)s of %(printed)s printed was scrapped: %(amount)s %(currency)s of the plan "
            "for nothing.",
            "%(scrapped)s of %(printed)s printed were scrapped: %(amount)s %(currency)s of the "
            "plan for nothing.",
            scrapped,
        )
    else:
        text = ngettext(
            "%(scrapped)s of %(printed)s printed was scrapped.",
            "%(scrapped)s of %(printed)s printed were scrapped.",
            scrapped,
        )
    yield text % {**_figures(explanation, amount=amount), "scrapped": scrapped, "printed": printed}


def _assumed(explanation):
    if explanation.assumed:
        text = _("%(assumed)s g of %(actual)s g were booked as planned, nobody measured them.")
        sources = {each.line.actual_source for each in explanation.figures.materials}
        if ActualSource.PERCENT in sources:
            text = _("%(assumed)s g of %(actual)s g were booked by percent, nobody measured them.")
        if ActualSource.SLICED in sources:
            text = _(
                "%(assumed)s g of %(actual)s g are as sliced or planned, nobody measured them."
            )
        grams = {"assumed": explanation.assumed, "actual": explanation.grams.figure.actual}
        yield text % {name: format_number(value) for name, value in grams.items()}
    if explanation.assumed_minutes:
        text = _("%(minutes)s min were taken as planned, nobody measured them.")
        if explanation.run.actual_minutes_source == ActualSource.PERCENT:
            text = _("%(minutes)s min were taken by percent, nobody measured them.")
        yield text % {"minutes": format_number(explanation.assumed_minutes)}


def _reported_beside(explanation):
    """What devices reported of materials that somebody weighed or typed."""
    for material in explanation.figures.materials:
        line, taken = material.line, material.total.actual
        if line.metered_grams and taken is not None and not line.is_reported:
            text = _("Of spool %(spool)s %(reported)s g were reported, %(taken)s g %(source)s.")
            if line.added_grams:
                text = _(
                    "Of spool %(spool)s %(reported)s g were reported, %(taken)s g booked: "
                    "%(given)s %(source)s and %(added)s reported since."
                )
            yield text % {
                "spool": line.spool.code,
                "reported": format_number(line.metered_grams),
                "taken": format_number(taken),
                "given": format_number(taken - line.added_grams),
                "source": line.get_actual_source_display(),
                "added": format_number(line.added_grams),
            }


def _beside_slicer(explanation):
    """What was measured where the slicer says something else, and what is usual; of many slots
    those that are furthest off."""
    off = [taken for taken in explanation.measured if taken.difference]
    off.sort(key=lambda taken: abs(taken.difference), reverse=True)
    for taken in off[:MAX_NAMED]:
        usual = explanation.usual.get(taken.slot)
        yield _sentence_of_slot(usual) % {
            "slot": taken.slot,
            "sliced": format_number(taken.sliced),
            "measured": format_number(taken.measured),
            "factor": format_number(taken.factor),
            "of": usual and (usual.filament or usual.printer),
            "usual": usual and format_number(usual.factor),
            "runs": usual and usual.evident_runs,
        }


def _corrected(explanation):
    """By what the slicer's grams were multiplied for the plan."""
    for taken in explanation.figures.slots[:MAX_NAMED]:
        factors = {line.slicer_factor for line in taken.lines if line.sliced_grams is not None}
        if factors - {1}:
            names = {"slot": taken.slot, "factor": factor_text(max(factors))}
            text = _("The plan of slot %(slot)s has %(factor)s times the slicer's grams.")
            yield text % names


def _sentence_of_slot(usual):
    if usual is None:
        return _(
            "The slicer says %(sliced)s g for slot %(slot)s, %(measured)s g were measured: "
            "%(factor)s times as much."
        )
    return ngettext(
        "The slicer says %(sliced)s g for slot %(slot)s, %(measured)s g were measured: %(factor)s "
        "times as much. In %(runs)s other run it was %(usual)s times as much with %(of)s.",
        "The slicer says %(sliced)s g for slot %(slot)s, %(measured)s g were measured: %(factor)s "
        "times as much. In %(runs)s other runs it was %(usual)s times as much with %(of)s.",
        usual.evident_runs,
    )


def _figures(explanation, **amounts):
    """Figures for a text: money, its currency, and what is not known of the cost."""
    is_by_the_hour = any(
        None in explanation.costs[kind].parts.values() and rate is not None
        for kind, rate in explanation.figures.hour_rates.items()
    )
    missing = dict.fromkeys(each["what"] for each in explanation.unknown)
    unknown = [
        str(UNKNOWN[what]) for what in missing if is_by_the_hour or not what.endswith("minutes")
    ]
    figures = {"currency": explanation.currency, "unknown": ", ".join(unknown)}
    return figures | {
        name: None if amount is None else format_amount(amount) for name, amount in amounts.items()
    }
