from django.core.management.base import CommandError
from django_tenants.utils import tenant_context

from inventory.services.tables import catalogue_source
from inventory.services.tables.catalogue_importing import import_entries
from tenants.management.farm_command import FarmCommand, farm
from tenants.operations.refusals import Refusal

SOME_REFUSED, NOTHING_DONE = 1, 2


class Command(FarmCommand):
    help = (
        "Import a catalogue of filaments (SpoolmanDB's filaments.json, or one of the same shape) "
        "into a farm. Known filaments keep what they have; only empty fields are filled in. "
        "Exit code: 0 all imported, 1 some entries refused and the rest imported, 2 nothing done."
    )

    def add_arguments(self, parser):
        parser.add_argument("slug", help="the farm")
        parser.add_argument("place", metavar="FILE-or-URL")
        parser.add_argument("--dry-run", action="store_true", help="report, and write nothing")

    def handle(self, *, slug, place, dry_run, **options):
        try:
            tenant, entries = farm(slug), catalogue_source.read(place)
            with tenant_context(tenant):
                report = import_entries(entries, by=None, dry_run=dry_run)
        except (CommandError, Refusal) as error:
            raise CommandError(str(error), returncode=NOTHING_DONE) from error
        self._tell(report)

    def _tell(self, report):
        for refused in report.refused:
            self.stderr.write(f"refused: {refused}")
        self.stdout.write(f"{'dry run: ' if report.dry_run else ''}{report}")
        if report.refused:
            what = "entry was" if len(report.refused) == 1 else "entries were"
            raise CommandError(f"{len(report.refused)} {what} refused.", returncode=SOME_REFUSED)
