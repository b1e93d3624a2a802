"""The form for printing labels of slots in the admin."""

from django.utils.translation import gettext_lazy as _

from inventory.forms.labels import LabelForm
from production.models import PrinterSlot


class SlotLabelForm(LabelForm):
    """Of the chosen slots."""

    none_found = _("None of these slots is there.")
    contents = None

    def queryset(self):
        return PrinterSlot.objects.with_printer()
