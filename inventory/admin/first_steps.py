"""What of the shelf a new farm does first."""

from django.db.models import Exists
from django.utils.translation import gettext_lazy as _

from inventory.models import Location, MaterialType, Spool
from tenants.site.first_steps import Action, FirstStep, adding, register

register(
    FirstStep(
        name="materials",
        place=30,
        title=_("Look over the material types"),
        detail=_("The usual ones came with the farm, with their densities."),
        is_done=Exists(MaterialType.objects.all()),
        actions=(
            Action(
                label=_("Material types"),
                address="admin:inventory_materialtype_changelist",
                permission="inventory.view_materialtype",
            ),
        ),
    ),
    FirstStep(
        name="locations",
        place=50,
        title=_("Name your shelves"),
        detail=_("Where spools are: a shelf, a dry box, a drawer."),
        is_done=Exists(Location.objects.all()),
        actions=(adding(_("Add a location"), Location),),
    ),
    FirstStep(
        name="spools",
        place=60,
        title=_("Fill the shelf"),
        detail=_(
            "Import your spreadsheet (a sample is on the page), or what another program "
            "exports; or receive spools."
        ),
        is_done=Exists(Spool.objects.all()),
        actions=(
            Action(
                label=_("Import a file"),
                address="admin:inventory_spool_import",
                permission="inventory.add_spool",
            ),
            Action(
                label=_("Receive spools"),
                address="admin:inventory_spool_receive",
                permission="inventory.add_spool",
            ),
        ),
    ),
)
