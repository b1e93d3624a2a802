from django.core.management.base import BaseCommand, CommandError

from tenants import services
from tenants.management.commands._shared import farm, refusals_told


class Command(BaseCommand):
    help = "Remove a farm with everything in it, for good."

    def add_arguments(self, parser):
        parser.add_argument("slug")
        parser.add_argument("--yes", action="store_true", help="don't ask")
        parser.add_argument(
            "--at-once", action="store_true", help="don't wait for other processes to forget it"
        )

    def handle(self, *, slug, yes, at_once, **options):
        tenant = farm(slug)
        if not yes and input(f"Type {slug} to remove {tenant.name} for good: ").strip() != slug:
            raise CommandError("Nothing was removed.")
        waiting = {"wait_seconds": 0} if at_once else {}
        with refusals_told():
            services.drop_farm(tenant, by=None, **waiting)
        self.stdout.write(f"Farm {slug} is gone")
