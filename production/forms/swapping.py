"""Another spool for a run: while it prints, or because the wrong one was booked."""

from django import forms

from inventory.models import Spool
from production.forms.opening import OverrideMixin, SpoolChoice
from production.models import RunMaterial
from production.services.completion.actuals import MaterialActual
from tenants.operations.text import format_number
from tenants.web.forms import NumberField, VerbForm

MISFIT = {"incompatible_spool", "insufficient_inventory"}


class LineChoice(forms.ModelChoiceField):
    def label_from_instance(self, line):
        return (
            f"{line.spool.code} · {line.spool.filament} · "
            f"{format_number(line.planned_total_grams)} g"
        )


class OtherSpoolForm(OverrideMixin, VerbForm):
    """Which spool of the run, and which one instead."""

    line = LineChoice(RunMaterial.objects.none(), label="Instead of", empty_label=None)
    spool = SpoolChoice(Spool.objects.none(), label="The spool")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        lines = self.subject.materials.filter(spool__isnull=False)
        lines = lines.select_related("spool__filament__manufacturer").order_by("pk")
        self.fields["line"].queryset = lines
        types = {line.spool.filament.material_type_id for line in lines}
        spools = Spool.objects.on_shelf().holding().with_filament()
        self.fields["spool"].queryset = spools.filter(filament__material_type__in=types)
        self.fields["spool"].among = {"material_type": sorted(types)}
        self.offer_override(MISFIT)


class SwapForm(OtherSpoolForm):
    """What the old spool gave so far: all it had, grams, or what the scale shows."""

    is_empty = forms.BooleanField(label="The old spool is empty", required=False)
    actual_grams = NumberField(label="or: grams it gave so far")
    gross_after_grams = NumberField(label="or: the scale shows, grams")

    def service_kwargs(self):
        said = super().service_kwargs()
        figures = ("actual_grams", "gross_after_grams")
        given = {name: said.pop(name) for name in figures if name in said}
        said["line"] = said["line"].pk
        if given:
            said["so_far"] = MaterialActual(line=said["line"], **given)
        return said

    def field_errors(self, refusal):
        yield from super().field_errors(refusal)
        if refusal.code == "actuals_missing":
            yield "is_empty", "What did it give so far?"


class ReassignForm(OtherSpoolForm):
    """The spool that was really used."""

    after_refusal = {"settle": {"insufficient_inventory"}}

    settle = forms.BooleanField(
        label="The spool held more than the book said: count it up first", required=False
    )
    reason = forms.CharField(label="Why", required=False)

    def service_kwargs(self):
        said = super().service_kwargs()
        return {**said, "line": said["line"].pk}
