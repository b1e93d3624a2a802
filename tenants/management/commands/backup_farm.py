from tenants import backups
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
        for tenant in farms:
            self.stdout.write(str(backups.back_up(tenant, into)))
