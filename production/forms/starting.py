"""Forms for starting a run, and for repeating it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from inventory.models import Spool
from production.forms.actuals import FieldGroup, line_field
from production.forms.fields import SCANNED, PrinterField, SpoolChoice, SpoolField, SpoolInput
from production.models import Printer
from production.services import overrides, printer_choice
from production.services.requirements import fitting_spools, readiness
from production.services.sliced_files import spools
from tenants.operations.text import format_number
from tenants.web.forms import DayInput, VerbForm

ANOTHER = _("Another spool: scan or type its code")
MOST_CHOICES = 3  # spools below a line
MAKERS = ("manufacturer", "material_type")
OVERRIDABLE = {"insufficient_inventory", "incompatible_spool", "limit_exceeded", "spool_held"}


class OverridableForm(VerbForm):
    """A manager may override some refusals with a reason, which is recorded."""

    def add_override(self):
        if self.by is None or not self.by.has_perm(overrides.OVERRIDE):
            return
        self.fields["override_reason"] = forms.CharField(
            label=_("Override, because"),
            required=False,
            max_length=1000,
            help_text=_("Overrides the refusal. The reason is recorded."),
        )
        self.after_refusal = self.after_refusal | {"override_reason": OVERRIDABLE}


class RefreshPlanForm(OverridableForm):
    """Nothing but an override."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.add_override()


class WithPrinterForm(OverridableForm):
    """Asks for a printer: a touch screen for one of those that are free."""

    def offer_printers(self, choices):
        """Let the best of PrinterChoices be touched; all of them are known by their labels."""
        field = PrinterField(label=_("Another printer: scan its label or type its name"))
        field.offer(choices[: printer_choice.MOST])
        self.choices, self.fields["printer"] = choices, field

    def printers(self):
        """``(PrinterChoice, whether it is chosen)`` of those that are offered."""
        chosen = self["printer"].value()
        return [(each, each.printer.code == chosen) for each in self.choices[: printer_choice.MOST]]

    def field_errors(self, refusal):
        yield from super().field_errors(refusal)
        if refusal.code == "printer_needs_clearing":
            yield "printer_cleared", _("Clear the bed, then confirm it here.")
        if refusal.code == "printer_busy":
            yield "printer", _("Choose another printer.")


class StartForm(WithPrinterForm):
    """A printer, if it has none, a spool for each material that has none, and whether the bed is
    clear.

    A touch screen shows every material, with its own spool or the one found in the printer, and
    may ask for another printer than is planned.
    """

    after_refusal = {"confirm": {"materials_missing"}}

    printer = forms.ModelChoiceField(Printer.objects.active(), label=_("Printer"), required=False)
    printer_cleared = forms.BooleanField(label=_("The bed is clear"), required=False)
    confirm = forms.BooleanField(label=_("Start without materials"), required=False)

    def __init__(self, *args, asks_printer=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.asks_printer = asks_printer or self.subject.printer is None
        self._ask_for_printer()
        # On the floor the run was read with what it needs.
        lines = list(self.subject.materials.all() if self.touch else _lines(self.subject))
        bare = [line for line in lines if not line.spool_id]
        self.lines = lines if self.touch else bare
        is_known = self.touch and bare and not self.asks_printer
        self.loaded = readiness.from_slots(self.subject, bare) if is_known else {}
        self.of_file = spools.of_run(self.subject, lines) if self.touch else {}
        others = [line for line in lines if line.pk not in self.of_file]
        self.fitting = fitting_spools.of_lines(self.subject, others) if self.touch else {}
        for line in self.lines:
            self.fields[line_field(line.pk, "spool")] = self._spool_field(line)
        self.add_override()

    def line_groups(self):
        return [FieldGroup(line, self._choices(line)) for line in self.lines]

    def service_kwargs(self):
        values = {name: v for name, v in super().service_kwargs().items() if "-" not in name}
        named = {line.pk: self.cleaned_data[line_field(line.pk, "spool")] for line in self.lines}
        own = {line.pk: line.spool_id for line in self.lines}
        spools = {pk: spool for pk, spool in named.items() if spool and spool.pk != own[pk]}
        return {**values, **({"spools": spools} if spools else {})}

    def field_errors(self, refusal):
        yield from super().field_errors(refusal)
        numbers = refusal.numbers
        names = [line_field(line.pk, "spool") for line in self.lines]
        missing = {line_field(pk, "spool") for pk in numbers.get("material_ids", ())}
        for name in missing.intersection(names):
            yield name, self.fields[name].missing
        wrong = [shortage["spool_id"] for shortage in numbers.get("shortages", ())]
        wrong += [numbers.get("spool_id"), *numbers.get("spool_ids", ())]
        for name in names:
            spool = self.cleaned_data.get(name)
            if spool is not None and spool.pk in wrong:
                yield name, _("Not this spool: see the message above.")

    def _ask_for_printer(self):
        planned = self.subject.printer
        is_clear = planned is not None and not planned.needs_clearing
        if self.asks_printer and self.touch:
            choices = printer_choice.of_run(self.subject)
            self.offer_printers(choices)
            is_clear = not any(each.printer.needs_clearing for each in choices)
            if only := planned is None and printer_choice.the_only(choices):
                self.fields["printer"].initial = only.code
            if choices and planned is None:
                self.fields["printer"].required = True
                self.fields["printer"].error_messages["required"] = _("Which printer?")
        elif not self.asks_printer:
            del self.fields["printer"]
        if is_clear:
            del self.fields["printer_cleared"]

    def _choices(self, line):
        """The field, and ``(FittingSpool, whether it is chosen)`` of those that fit."""
        bound, own = self[line_field(line.pk, "spool")], self._spool(line)
        chosen = bound.value() or (own.code if own else "")
        choices = [(each, each.spool.code == chosen) for each in self._fitting(line)]
        matched = self.of_file.get(line.pk)
        return {"spool": bound, "choices": choices, "wanted": matched and matched.wanted}

    def _fitting(self, line):
        """What meets the line, as it suits its slot of the file, if it has one."""
        matched = self.of_file.get(line.pk)
        return matched.proposals[:MOST_CHOICES] if matched else self.fitting[line.pk]

    def _spool(self, line):
        matched = self.of_file.get(line.pk)
        if matched and matched.chosen:
            return matched.chosen.spool
        return line.spool or self.loaded.get(line.pk)

    def _spool_field(self, line):
        if self.touch:
            field = SpoolField(label=ANOTHER, required=False, widget=SpoolInput(attrs=SCANNED))
            field.widget.choices = {each.spool.code for each in self._fitting(line)}
            return field
        required = {"filament": line.filament_id} if line.filament_id else {}
        required = required or {"filament__material_type": line.material_type_id}
        label = _("Spool for %(grams)s g of %(material)s") % {
            "grams": format_number(line.planned_total_grams),
            "material": line.filament or line.material_type,
        }
        return SpoolChoice(
            Spool.objects.on_shelf().holding().with_filament().filter(**required),
            label=label,
            among={name.removeprefix("filament__"): pk for name, pk in required.items()}
            | {"row": line.pk},
            required=False,
            help_text=_("Left empty: the one in the printer."),
        )


class ChangePrinterForm(WithPrinterForm):
    """The printer that a run in progress really prints on."""

    after_refusal = {"printer_cleared": {"printer_needs_clearing"}}

    printer = forms.ModelChoiceField(Printer.objects.active())
    printer_cleared = forms.BooleanField(
        label=_("The bed had been cleared before the print"), required=False
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.touch:
            self.offer_printers(printer_choice.of_run(self.subject))
            self.fields["printer"].required = True
            self.fields["printer"].error_messages["required"] = _("Which printer?")
        self.add_override()


class ReprintForm(VerbForm):
    """Where what did not come out is printed again."""

    printer = forms.ModelChoiceField(Printer.objects.active(), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["printer"].initial = self.subject.printer_id


class CopyForm(ReprintForm):
    """Where and until when the same is printed once more."""

    due_on = forms.DateField(label=_("Due"), required=False, widget=DayInput)


class StartManyForm(VerbForm):
    printer_cleared = forms.BooleanField(label=_("The beds are clear"), required=False)


def _lines(run):
    makers = [f"{path}filament__{name}" for path in ("spool__", "") for name in MAKERS]
    return run.materials.select_related(*makers, "material_type").order_by("pk")
