"""What starting and planning a run asks for."""

from django import forms
from django.db.models import Q

from inventory.models import Spool
from production.models import Printer
from production.services import overrides
from tenants.operations.text import format_number
from tenants.web.forms import DayInput, SuggestedField, VerbForm

OVERRIDE_HELP = "Past what is refused, with this reason on record: a manager's right."


class SpoolChoice(SuggestedField):
    def __init__(self, queryset, **kwargs):
        super().__init__(queryset, of="production.runmaterial.spool", **kwargs)

    def label_from_instance(self, spool):
        return (
            f"{spool.code} · {spool.filament} · {format_number(spool.available_grams)} g available"
        )


class OverrideMixin:
    """A field for the reason of an override, for those who may, once something is refused."""

    def offer_override(self, codes):
        if self.by is None or not self.by.has_perm(overrides.OVERRIDE):
            return
        self.fields["override_reason"] = forms.CharField(
            label="Override, because", required=False, help_text=OVERRIDE_HELP
        )
        self.after_refusal = self.after_refusal | {"override_reason": codes}


class StartForm(OverrideMixin, VerbForm):
    """A spool for each material that has none, and whether the bed is clear."""

    printer_cleared = forms.BooleanField(label="The bed is clear", required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        printer = self.subject.printer
        if printer is None or not printer.needs_clearing:
            del self.fields["printer_cleared"]
        self.open_lines = list(_without_spool(self.subject))
        for line in self.open_lines:
            self.fields[_name(line.pk)] = SpoolChoice(
                _fitting(line),
                label=f"Spool for {format_number(line.planned_total_grams)} g of {_wanted(line)}",
                among=_asked_of(line),
                required=False,
                help_text="Left empty: the one in the printer.",
            )
        codes = {"insufficient_inventory", "incompatible_spool", "limit_exceeded"}
        self.offer_override(codes)

    def service_kwargs(self):
        said = {name: value for name, value in super().service_kwargs().items() if "-" not in name}
        named = {line.pk: self.cleaned_data[_name(line.pk)] for line in self.open_lines}
        spools = {pk: spool for pk, spool in named.items() if spool}
        return {**said, **({"spools": spools} if spools else {})}

    def field_errors(self, refusal):
        yield from super().field_errors(refusal)
        if refusal.code == "printer_needs_clearing":
            yield "printer_cleared", "Say that it is clear."
        for pk in refusal.numbers.get("material_ids", ()):
            yield _name(pk), "Choose a spool."


class ReprintForm(VerbForm):
    """Where what did not come out is printed again."""

    printer = forms.ModelChoiceField(Printer.objects.active(), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["printer"].initial = self.subject.printer_id


class CopyForm(ReprintForm):
    """Where and until when the same is printed once more."""

    due_on = forms.DateField(label="Due", required=False, widget=DayInput)


class StartTogether(VerbForm):
    label = "Start the chosen runs"
    printer_cleared = forms.BooleanField(label="The beds are clear", required=False)


class ReprintTogether(VerbForm):
    label = "Reprint what was not good"


class CopyTogether(VerbForm):
    label = "Copy the chosen runs"


class DeleteTogether(VerbForm):
    label = "Delete the chosen runs"


def _without_spool(run):
    lines = run.materials.filter(spool=None)
    return lines.select_related("filament__manufacturer", "material_type").order_by("pk")


def _fitting(line):
    holds = Q(filament=line.filament_id) if line.filament_id else None
    holds = holds or Q(filament__material_type=line.material_type_id)
    return Spool.objects.on_shelf().holding().with_filament().filter(holds)


def _asked_of(line):
    if line.filament_id:
        return {"filament": line.filament_id}
    return {"material_type": line.material_type_id}


def _wanted(line):
    return line.filament or line.material_type


def _name(pk):
    return f"material-{pk}-spool"
