from django.utils.translation import gettext as _
from django_tenants.utils import schema_context

from inventory.services.tables import catalogue_source, shared_catalogue
from tenants.management.farm_command import FarmCommand

PUBLIC = "public"


class Command(FarmCommand):
    help = (
        "Keep a catalogue of filaments (SpoolmanDB's filaments.json), or with --materials one of "
        "materials (materials.json), for all farms: programs that speak Spoolman choose from it. "
        "What was kept before is replaced."
    )

    def add_arguments(self, parser):
        parser.add_argument("place", metavar="FILE-or-URL")
        parser.add_argument("--materials", action="store_true", help="it lists materials")

    def handle(self, *, place, materials, **options):
        kind = shared_catalogue.MATERIAL if materials else shared_catalogue.FILAMENT
        found = catalogue_source.read(place)
        with schema_context(PUBLIC):
            count = shared_catalogue.replace(kind, found)
        self.stdout.write(_("entries kept for all farms: %(count)s") % {"count": count})
