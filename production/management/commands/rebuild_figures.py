from django.core.management.base import CommandError
from django.db import DatabaseError
from django_tenants.utils import get_public_schema_name, tenant_context

from production.models import FoldedDays
from production.services.figures import folding
from tenants.management.farm_command import FarmCommand, farm
from tenants.models import Tenant


class Command(FarmCommand):
    help = (
        "Sum the closed runs of farms anew for the reports, which reckon all of them meanwhile. "
        "What was interrupted goes on with --go-on, or by itself, a little each minute."
    )

    def add_arguments(self, parser):
        parser.add_argument("slugs", nargs="*", help="the farms; all of them when left out")
        parser.add_argument(
            "--go-on", action="store_true", help="keep the sums that there are, and sum the rest"
        )

    def handle(self, *, slugs, go_on, **options):
        everyone = Tenant.objects.exclude(schema_name=get_public_schema_name()).order_by("slug")
        farms = [farm(slug) for slug in slugs] or list(everyone)
        if not farms:
            self.stdout.write("There is no farm yet.")
        failed = [tenant.slug for tenant in farms if not self._rebuild(tenant, go_on)]
        if failed:
            raise CommandError(f"The figures are not summed of: {', '.join(failed)}.")

    def _rebuild(self, tenant, go_on):
        """One farm that can't be read is no reason to go without the others."""
        try:
            with tenant_context(tenant):
                if not go_on:
                    folding.forget()
                while folding.fold_some(waits=True):
                    self.stdout.write(f"{tenant.slug}: {FoldedDays.objects.get()}")
        except DatabaseError as error:
            self.stderr.write(f"{tenant.slug}: {error}")
            return False
        self.stdout.write(f"{tenant.slug}: done")
        return True
