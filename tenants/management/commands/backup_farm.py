from django.core.management.base import CommandError

from tenants.farms import backups
from tenants.management.farm_command import FarmCommand, farm
from tenants.models import Tenant


class Command(FarmCommand):
    help = (
        "Write each farm into a file of its own, to be kept, or restored by restore_farm, and "
        "print its path. The farm may be in use meanwhile."
    )

    def add_arguments(self, parser):
        parser.add_argument("slugs", nargs="*", help="the farms; all of them when left out")
        parser.add_argument("--into", required=True, metavar="FOLDER", help="made when missing")

    def handle(self, *, slugs, into, **options):
        farms = [farm(slug) for slug in slugs] or Tenant.objects.order_by("slug")
        if not farms:
            self.stdout.write("There is no farm yet.")
        failed = [tenant.slug for tenant in farms if not self._back_up(tenant, into)]
        if failed:
            raise CommandError(f"There is no new backup of: {', '.join(failed)}.")

    def _back_up(self, tenant, folder):
        """One farm that can't be read is no reason to go without the others."""
        try:
            self.stdout.write(str(backups.back_up(tenant, folder)))
        except backups.BackupFailed as refusal:
            self.stderr.write(refusal.detail)
            return False
        return True
