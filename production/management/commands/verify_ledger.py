from django.core.management.base import CommandError
from django.db import DatabaseError
from django_tenants.utils import get_public_schema_name, tenant_context

from inventory.models import InventoryTransaction, Spool
from production.models import ProductionRun
from production.services import invariants
from tenants.management.farm_command import FarmCommand, farm
from tenants.models import Tenant
from tenants.operations.operation import observed

COUNTED = {"spools": Spool, "entries": InventoryTransaction, "runs": ProductionRun}


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
            with tenant_context(tenant), observed("ledger.verify"):
                found = [str(violation) for violation in invariants.violations()]
                counts = [f"{model.objects.count()} {name}" for name, model in COUNTED.items()]
        except DatabaseError as error:
            found = [f"could not be checked: {error}"]
        for line in found or [f"all is well ({', '.join(counts)})"]:
            self.stdout.write(f"{tenant.slug}: {line}")
        return not found
