"""What one did last, and what became of it, as JSON."""

from django.utils.translation import gettext as _
from rest_framework import serializers

from inventory.models import InventoryTransaction, SpoolEvent
from inventory.serializers.spools import SpoolSerializer
from production.models import RunEvent
from production.serializers.runs import ProductionRunSerializer
from tenants.api.fields import ChoiceField, MomentField, WholeField
from tenants.api.serializers import Body

EVENTS = {
    "run": RunEvent.objects.select_related("run"),
    "weighing": InventoryTransaction.objects.select_related("spool"),
    "loading": SpoolEvent.objects.all(),
    "unloading": SpoolEvent.objects.all(),
    "receipt": InventoryTransaction.objects.all(),
}
KINDS = list(EVENTS)
EVENT_HELP = (
    "An id: of a run event, of a loading or unloading the spool event, of a weighing or a receipt "
    "the inventory transaction."
)


class UndoableSerializer(serializers.Serializer):
    """What was done last: name its ``kind`` and ``event`` to undo it."""

    kind = serializers.ChoiceField(KINDS)
    event = serializers.IntegerField(help_text=EVENT_HELP)
    verb = serializers.CharField()
    detail = serializers.CharField(source="text", help_text="What was done, for people.")
    run = serializers.IntegerField(allow_null=True, help_text="The id of the run it was done to.")
    spool = serializers.IntegerField(
        allow_null=True, help_text="The id of the spool; of a receipt, of one that it is of."
    )
    at = MomentField()
    until = MomentField(help_text="When only a manager can undo it.")


class LastSerializer(serializers.Serializer):
    """``undoable`` is null when there is nothing that can be undone."""

    undoable = UndoableSerializer(allow_null=True)


class UndoBody(Body):
    """What is undone, as ``undoable`` named it."""

    kind = ChoiceField(KINDS)
    event = WholeField(min_value=1, max_value=2**63 - 1, help_text=EVENT_HELP)

    def validate(self, values):
        event = EVENTS[values["kind"]].filter(pk=values["event"]).first()
        if event is None:
            message = _("There is none with id %(id)s.") % {"id": values["event"]}
            raise serializers.ValidationError({"event": [message]}, code="does_not_exist")
        return values | {"event": event}


class UndoneSerializer(serializers.Serializer):
    """What it was done to, as it is now."""

    run = ProductionRunSerializer(allow_null=True)
    spools = SpoolSerializer(many=True)
