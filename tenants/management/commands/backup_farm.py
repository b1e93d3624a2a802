from django.core.management.base import CommandError

from tenants.farms import backups, nightly
from tenants.management.farm_command import FarmCommand, farm
from tenants.models import Tenant


class Command(FarmCommand):
    help = (
        "Back farms up, each into a file of its own, to be restored by restore_farm, and print "
        "its path. The farm may be in use meanwhile."
    )

    def add_arguments(self, parser):
        parser.add_argument("slugs", nargs="*", help="the farms; all of them when left out")
        parser.add_argument(
            "--into",
            metavar="FOLDER",
            help="made when missing; without it, as every night: into the folder of the farm in "
            "SPOOLBOOK_BACKUPS, recorded in the farm, and old ones are deleted",
        )
        parser.add_argument(
            "--due",
            action="store_true",
            help="only farms of which there is no backup since their last night",
        )

    def handle(self, *, slugs, into, due, **options):
        farms = [farm(slug) for slug in slugs] or list(Tenant.objects.order_by("slug"))
        if not farms:
            self.stdout.write("There is no farm yet.")
        if due:
            farms = [tenant for tenant in farms if nightly.is_due(tenant)]
        failed = [tenant.slug for tenant in farms if not self._back_up(tenant, into)]
        if failed:
            raise CommandError(f"There is no new backup of: {', '.join(failed)}.")

    def _back_up(self, tenant, folder):
        """One farm that can't be read is no reason to go without the others."""
        try:
            if folder is None:
                path = nightly.file_of(tenant, nightly.run(tenant))
            else:
                path = backups.back_up(tenant, folder)
        except backups.BackupFailed as refusal:
            self.stderr.write(refusal.detail)
            return False
        self.stdout.write(str(path))
        return True
