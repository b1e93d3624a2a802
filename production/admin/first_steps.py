"""What of production a new farm does first."""

from django.db.models import Exists
from django.utils.translation import gettext_lazy as _

from production.models import Printer, Product, ProductionRun
from tenants.site.first_steps import Action, FirstStep, adding, register

register(
    FirstStep(
        name="printers",
        place=40,
        title=_("Add your printers"),
        detail=_("Choose a model and how many: bed, slots and watts are filled in."),
        is_done=Exists(Printer.objects.all()),
        actions=(
            Action(
                label=_("Add several printers"),
                address="admin:production_printer_add_several",
                permission="production.add_printer",
            ),
            adding(_("One by one"), Printer),
        ),
    ),
    FirstStep(
        name="products",
        place=80,
        title=_("Describe a product"),
        detail=_("What one part takes, how many fit on a plate, how long it prints."),
        is_done=Exists(Product.objects.all()),
        actions=(adding(_("Add a product"), Product),),
    ),
    FirstStep(
        name="runs",
        place=100,
        title=_("Plan the first run"),
        detail=_("From here on the book writes itself."),
        is_done=Exists(ProductionRun.objects.all()),
        actions=(adding(_("Plan a run"), ProductionRun),),
    ),
)
