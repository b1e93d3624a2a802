from django.core.management.base import CommandError

from tenants.farms import services
from tenants.management.farm_command import FarmCommand, answer_to, farm


class Command(FarmCommand):
    help = "Remove a farm with everything in it, for good."

    def add_arguments(self, parser):
        parser.add_argument("slug")
        parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")

    def handle(self, *, slug, yes, **options):
        tenant = farm(slug)
        if not yes and answer_to(f"Type {slug} to remove {tenant.name} for good: ") != slug:
            raise CommandError("Nothing was removed.")
        services.drop_farm(tenant, by=None)
        self.stdout.write(f"Farm {slug} is gone")
