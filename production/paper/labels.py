"""Labels of slots: a QR code that leads to the slot, the code, and the names of both."""

from urllib.parse import quote

from django.utils.translation import gettext as _

from inventory.paper import qr
from inventory.paper.fitting import Line
from inventory.paper.labels import Label


def of_slot(slot, *, farm):
    """The Label of a slot (with its printer and how many slots that has); ``farm`` is the farm's
    address. The only slot of a printer needs no name in the code."""
    printer, path = slot.printer, f"/P/{slot.printer.code}"
    lines = {"printer": Line(text=printer.name, scale=1.3, is_bold=True, max_rows=3)}
    if slot.is_only:
        code = printer.code
    else:
        code, path = f"{printer.code}/{slot.label}", f"{path}/{quote(slot.label, safe='')}"
        name = _("Slot %(slot)s") % {"slot": slot.label}
        lines["slot"] = Line(text=name, scale=1.3, is_bold=True)
    maker = f"{printer.manufacturer} {printer.model}".strip()
    lines["model"] = Line(text=maker, max_rows=2)
    return Label(code=code, address=qr.address(farm, path), lines=lines)
