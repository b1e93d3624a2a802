"""What of production a new farm does first."""

from django.utils.translation import gettext_lazy as _

from production.models import Printer, Product, ProductionRun
from tenants.site.first_steps import Action, FirstStep, exists, register


def _add(label, model):
    name = model._meta.model_name
    return Action(
        label=label,
        address=f"admin:production_{name}_add",
        permission=f"production.add_{name}",
    )


register(
    FirstStep(
        name="printers",
        place=40,
        title=_("Add your printers"),
        detail=_("Choose a model and how many: bed, slots and watts are filled in."),
        is_done=exists(Printer.objects.all()),
        actions=(
            Action(
                label=_("Add several printers"),
                address="admin:production_printer_add_several",
                permission="production.add_printer",
            ),
            _add(_("One by one"), Printer),
        ),
    ),
    FirstStep(
        name="products",
        place=80,
        title=_("Describe a product"),
        detail=_("What one part takes, how many fit on a plate, how long it prints."),
        is_done=exists(Product.objects.all()),
        actions=(_add(_("Add a product"), Product),),
    ),
    FirstStep(
        name="runs",
        place=100,
        title=_("Plan the first run"),
        detail=_("From here on the book writes itself."),
        is_done=exists(ProductionRun.objects.all()),
        actions=(_add(_("Plan a run"), ProductionRun),),
    ),
)
