from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_tenants.utils import tenant_context

from inventory.services.tables import catalogue_source
from inventory.services.tables.catalogue_reader import read_catalogue
from inventory.services.tables.filament_import import import_filaments
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
            tenant, rows = farm(slug), read_catalogue(catalogue_source.read(place))
            with tenant_context(tenant):
                report = import_filaments(rows, by=None, dry_run=dry_run)
        except (CommandError, Refusal) as error:
            raise CommandError(str(error), returncode=NOTHING_DONE) from error
        self._write(report)

    def _write(self, report):
        for row in report.refused:
            message = _("refused: entry %(number)s (id %(id)s): %(problem)s")
            names = {"number": row.number, "id": row.external_id, "problem": row.problem}
            self.stderr.write(message % names)
        self.stdout.write(_("dry run: %s") % report if report.dry_run else str(report))
        if count := len(report.refused):
            message = ngettext(
                "%(count)s entry was refused.", "%(count)s entries were refused.", count
            )
            raise CommandError(message % {"count": count}, returncode=SOME_REFUSED)
