from django.core.management.base import CommandError
from django.db import DatabaseError
from django_tenants.utils import get_public_schema_name, tenant_context

from inventory.models import InventoryTransaction, Spool
from production.models import ProductionRun
from production.services import invariants
from tenants.management.farm_command import FarmCommand, farm
from tenants.models import Tenant


class Command(FarmCommand):
    help = "Check the ledger of one farm or of all; exit code 1 and every row that disagrees."

    def add_arguments(self, parser):
        parser.add_argument("slug", nargs="?", help="the farm; all of them when left out")

    def handle(self, *, slug, **options):
        everyone = Tenant.objects.exclude(schema_name=get_public_schema_name()).order_by("slug")
        farms = [farm(slug)] if slug else list(everyone)
        if not farms:
            self.stdout.write("There is no farm yet.")
        broken = [tenant.slug for tenant in farms if not self._is_well(tenant)]
        if broken:
            raise CommandError(f"The books do not agree at: {', '.join(broken)}.")

    def _is_well(self, tenant):
        try:
            with tenant_context(tenant):
                found = [str(violation) for violation in invariants.violations()]
                said = _size()
        except DatabaseError as error:
            found, said = [f"could not be checked: {error}"], "nothing"
        if not found:
            self.stdout.write(f"{tenant.slug}: all is well ({said})")
        for violation in found:
            self.stdout.write(f"{tenant.slug}: {violation}")
        return not found


def _size():
    counted = {"spools": Spool, "entries": InventoryTransaction, "runs": ProductionRun}
    return ", ".join(f"{model.objects.count()} {name}" for name, model in counted.items())
