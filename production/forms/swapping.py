"""Forms for another spool of a run: while it prints, or because the wrong one was booked."""

from django import forms
from django.utils.translation import gettext_lazy as _

from inventory.models import Spool
from production.forms.fields import SpoolChoice, SpoolField
from production.forms.starting import OVERRIDABLE, OverridableForm
from production.models import RunMaterial
from production.services import taking_over
from production.services.completion.actuals import MaterialActual, outlook
from tenants.operations.text import format_number
from tenants.web.forms import NumberField

GIVEN = {"empty": "is_empty", "weighed": "gross_after_grams", "grams": "actual_grams"}
WRONG_FIGURE = {"after_above_before", "tare_unknown", "weighing_implausible"}
WRONG_FIGURE |= {"more_than_on_spool"}
UNFIT = OVERRIDABLE | {"duplicate_spool", "spool_archived", "spool_printing"}


class LineChoice(forms.ModelChoiceField):
    def label_from_instance(self, line):
        grams = format_number(line.planned_total_grams) if line.has_plan else "–"
        filament = line.spool.filament
        return _("%(code)s · %(filament)s · %(grams)s g") % {
            "code": line.spool.code,
            "filament": " ".join(filter(None, [str(filament), filament.color_name])),
            "grams": grams,
        }


class OfferedSpool(forms.ModelChoiceField):
    def __init__(self, spools):
        empty = _("Nothing was reported of another spool")
        super().__init__(spools, label=_("Reported spool"), empty_label=empty)
        if spools:
            self.empty_label = None

    def label_from_instance(self, spool):
        return f"{spool.code} · {spool.filament}"


class OtherSpoolForm(OverridableForm):
    """Which spool of the run, and which one instead; ``line`` is given on a touch screen."""

    line = LineChoice(RunMaterial.objects.none(), label=_("Instead of"), empty_label=None)
    spool = SpoolChoice(Spool.objects.none(), label=_("New spool"))

    def __init__(self, *args, line=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.line = line
        if self.touch:
            self.fields["spool"] = SpoolField(label=_("New spool"))
        else:
            self._offer(self.subject.materials.filter(spool__isnull=False))
        self.add_override()

    def service_kwargs(self):
        values = super().service_kwargs()
        return {**values, "line": (self.line or values["line"]).pk}

    def _offer(self, lines):
        lines = lines.with_spool().order_by("pk")
        types = {line.spool.filament.material_type_id for line in lines}
        spools = Spool.objects.on_shelf().holding().with_filament()
        self.fields["line"].queryset = lines
        self.fields["spool"].queryset = spools.filter(filament__material_type__in=types)
        self.fields["spool"].among = {"material_type": sorted(types)}
        if len(lines) == 1:
            self.fields["spool"].among["row"] = lines[0].pk


class SwapForm(OtherSpoolForm):
    """What the old spool gave so far: all it had, grams, or what the scale shows."""

    admin_exclude = ("gave", "figure")
    touch_exclude = ("line", "is_empty", "actual_grams", "gross_after_grams")

    is_empty = forms.BooleanField(label=_("The old spool is empty"), required=False)
    actual_grams = NumberField(label=_("or: grams it gave so far"))
    gross_after_grams = NumberField(label=_("or: the scale shows"), unit="g")
    gave = forms.ChoiceField(
        label=_("The old spool"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Is it empty, or what did it give?")},
        choices=[
            ("empty", _("is empty")),
            ("weighed", _("is on the scale")),
            ("grams", _("gave so many grams")),
        ],
    )
    figure = NumberField(label=_("Grams, if it is not empty"), unit="g")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        line = self.line
        if self.touch and line.spool.live_grams <= line.planned_total_grams:
            self.fields["gave"].initial = "empty"
        if self.touch and (so_far := _so_far(line)):
            text = _("gave %(grams)s g, as reported")
            if not so_far.is_reported:
                text = _("gave %(grams)s g, by what was saved, and reported since")
            text %= {"grams": format_number(so_far.actual_total_grams)}
            self.fields["gave"].choices = [("reported", text), *self.fields["gave"].choices]
            self.fields["gave"].initial = "reported"

    def clean(self):
        values = super().clean()
        figure = values.pop("figure", None)
        if name := GIVEN.get(values.pop("gave", None)):
            values[name] = True if name == "is_empty" else figure
            if values[name] is None and "figure" not in self.errors:
                self.add_error("figure", _("How many grams?"))
        return values

    def service_kwargs(self):
        values = super().service_kwargs()
        figures = ("actual_grams", "gross_after_grams")
        given = {name: values.pop(name) for name in figures if name in values}
        if given:
            values["so_far"] = MaterialActual(line=values["line"], **given)
        return values

    def field_errors(self, refusal):
        yield from super().field_errors(refusal)
        if refusal.code == "actuals_missing":
            yield "is_empty", _("What did it give so far?")
        if refusal.code in UNFIT:
            yield "spool", _("Not this spool: see the message above.")
        if refusal.code in {
            "more_than_on_spool",
            "after_above_before",
            "tare_unknown",
            "weighing_implausible",
        }:
            yield "figure", _("Check this weight.")


class TakeOverForm(OverridableForm):
    """The spool that the run printed from, of those of which something was reported meanwhile."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.touch:
            self.fields["spool"] = SpoolField()
        else:
            spools = Spool.objects.filter(pk__in=taking_over.offered(self.subject))
            self.fields["spool"] = OfferedSpool(spools.with_filament().order_by("pk"))
        self.add_override()


def _so_far(line):
    """A copy of the line with what was reported or saved of it; None of neither."""
    is_known = line.metered_grams or line.metered_before_grams is not None
    lines = outlook([line]) if is_known else None
    return lines and lines[0]


class ReassignForm(OtherSpoolForm):
    """The spool that was really used."""

    after_refusal = {"settle": {"insufficient_inventory"}}

    settle = forms.BooleanField(
        label=_("The spool held more than its remaining grams: count it up first"), required=False
    )
    reason = forms.CharField(label=_("Why"), required=False)
