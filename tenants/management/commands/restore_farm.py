from django.core.management.base import CommandError

from tenants.farms import backups
from tenants.farms.services import SlugTaken
from tenants.management.farm_command import FarmCommand


class Command(FarmCommand):
    help = (
        "Make the farm of a file of backup_farm again, with everything that was in it; a farm that "
        "is there is never touched. The file is executed as the database's owner: only take one "
        "that you know."
    )

    def add_arguments(self, parser):
        parser.add_argument("file")
        parser.add_argument("--slug", help="another short name, for a copy beside the farm")
        parser.add_argument(
            "--host", action="append", help="a host instead of those of the file; repeatable"
        )

    def handle(self, *, file, slug, host, **options):
        try:
            tenant = backups.restore_farm(file, slug=slug, hosts=host, by=None)
        except SlugTaken as refusal:
            hint = "Restore it beside that one with --slug, or drop that one first."
            raise CommandError(f"{refusal.detail} {hint}") from refusal
        state = "answers on"
        if tenant.status != tenant.Status.ACTIVE:
            state = f"is as it was ({tenant.get_status_display().lower()}); resumed, it is on"
        self.stdout.write(f"Farm {tenant.slug} {state} {tenant.get_primary_domain()}")
        self.stdout.write(f"Check its book: manage.py verify_ledger {tenant.slug}")
