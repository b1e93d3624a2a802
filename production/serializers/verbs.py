"""The bodies of a run's other verbs, and which body is whose."""

from django.utils.translation import gettext as _
from rest_framework import serializers

from production.models import Printer, ProductionRun
from production.serializers import actuals
from production.serializers.lines import MAX_LINES, OVERRIDE_REASON
from production.serializers.planning import ManyRunsBody, PlanBody
from production.services.completion.actuals import FIGURES, MaterialActual
from production.services.transitions import ROWS
from tenants.api.fields import FlagField, IdField, NameField, QuantityField, TextField, WholeField
from tenants.api.serializers import Body, NoBody, RowSerializer


class SpoolOfLine(actuals.SpoolBody):
    """The spool that a material of the run takes."""

    material = WholeField(**actuals.ID)


class StartBody(Body):
    """The printer, if it is not the planned one; spools for the materials that have none: those in
    the printer's slots are found."""

    printer = IdField(queryset=Printer.objects.all(), required=False)
    printer_name = NameField(
        source="printer", lookup="name__iexact", queryset=Printer.objects.all()
    )
    spools = SpoolOfLine(many=True, required=False, max_length=MAX_LINES)
    printer_cleared = FlagField(required=False)
    confirm = FlagField(required=False, help_text="It makes parts, and no material is planned.")
    override_reason = TextField(**OVERRIDE_REASON)

    def validate_spools(self, given):
        actuals.refuse_twice([each["material"] for each in given])
        return {each["material"]: each["spool"] for each in given}


class RefreshPlanBody(Body):
    """A manager may plan past a refusal."""

    override_reason = TextField(**OVERRIDE_REASON)


class ChangePrinterBody(Body):
    """The printer that the run goes on on."""

    printer = IdField(queryset=Printer.objects.all(), required=False)
    printer_name = NameField(
        source="printer", lookup="name__iexact", queryset=Printer.objects.all()
    )
    printer_cleared = FlagField(required=False)
    override_reason = TextField(**OVERRIDE_REASON)

    class Meta:
        needed = ("printer",)


class ReorderBody(Body):
    """The planned run before which it prints, or after which: one of the two."""

    before = IdField(queryset=ProductionRun.objects.live(), required=False)
    after = IdField(queryset=ProductionRun.objects.live(), required=False)


class SwapSpoolBody(actuals.SpoolBody, actuals.GramsBody):
    """From which material's spool to which one; what the old one gave so far, or that it is
    empty."""

    material = WholeField(source="line", **actuals.ID)
    is_empty = FlagField(required=False)
    override_reason = TextField(**OVERRIDE_REASON)

    def validate(self, values):
        figures = {name: values.pop(name) for name in FIGURES if name in values}
        if all(figure is None for figure in figures.values()):
            return values
        if values.get("is_empty"):
            message = _("An empty spool gave all that it had left: leave the figures out.")
            raise serializers.ValidationError({"is_empty": [message]}, code="contradiction")
        return {**values, "so_far": MaterialActual(**self.which(values), **figures)}

    def which(self, values):
        """How the material is named to the service."""
        return {"line": values["line"]}


class SwapInSlotBody(SwapSpoolBody):
    """To which spool, and what the one in the slot gave so far, or that it is empty."""

    material = None

    def which(self, values):
        return {"spool": self.instance.spool_id}


class LoadBody(actuals.SpoolBody):
    """The spool that goes into the slot; a manager may override that it is held."""

    override_reason = TextField(**OVERRIDE_REASON)


class TakeOverBody(actuals.SpoolBody):
    """The spool that was printed from; a manager may override that it does not fit."""

    override_reason = TextField(**OVERRIDE_REASON)


class ProgressBody(Body):
    """How far the print is."""

    progress_percent = QuantityField(source="percent", **actuals.PERCENT)


class RevertBody(Body):
    """Why it is reverted; a manager may confirm across a count. ``is_printing``: it still prints,
    so it has not finished, and its printer is busy."""

    reason = TextField(**actuals.TEXT)
    confirm = FlagField(required=False)
    is_printing = FlagField(required=False)


class ReassignBody(actuals.SpoolBody):
    """Which material was booked on the wrong spool, and which is the right one."""

    material = WholeField(source="line", **actuals.ID)
    settle = FlagField(required=False)
    reason = TextField(**actuals.TEXT)
    override_reason = TextField(**OVERRIDE_REASON)
    dry_run = FlagField(required=False)


class ReprintBody(RowSerializer):
    """What is different from the run that is printed again, in part or as a whole."""

    printer_name = NameField(
        source="printer", lookup="name__iexact", queryset=Printer.objects.all(), allow_null=True
    )
    override_reason = TextField(**OVERRIDE_REASON)

    class Meta:
        model = ProductionRun
        fields = [
            "printer",
            "printer_name",
            "plate_count",
            "priority",
            "due_on",
            "planned_start_at",
            "planned_minutes",
            "notes",
            "external_id",
            "override_reason",
        ]


RUN_BODIES = {row.action: NoBody for row in ROWS if row.path} | {
    "refresh_plan": RefreshPlanBody,
    "reorder": ReorderBody,
    "start": StartBody,
    "change_printer": ChangePrinterBody,
    "swap_spool": SwapSpoolBody,
    "take_over_reports": TakeOverBody,
    "actuals": actuals.ActualsBody,
    "progress": ProgressBody,
    "complete": actuals.CompleteBody,
    "fail": actuals.FailBody,
    "cancel": actuals.CancelBody,
    "revert": RevertBody,
    "correct": actuals.CorrectBody,
    "reassign": ReassignBody,
    "reprint": ReprintBody,
    "copy": ReprintBody,
    "record": actuals.RecordBody,
    "bulk": ManyRunsBody,
    "plan": PlanBody,
}
