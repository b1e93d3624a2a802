from django.core.management.base import CommandError

from tenants.farms import restoring
from tenants.farms.services import SlugTaken
from tenants.management.farm_command import FarmCommand


class Command(FarmCommand):
    help = (
        "Make the farm of a file of backup_farm again; a farm that is there is never touched. Only "
        "rows are taken from the file. Nobody can sign in who could not when the farm was dropped; "
        "in a copy, and where that is not known, nobody can at first."
    )

    def add_arguments(self, parser):
        parser.add_argument("file")
        parser.add_argument("--slug", help="another short name, for a copy beside the farm")
        parser.add_argument(
            "--host", action="append", help="a host instead of those of the file; repeatable"
        )
        parser.add_argument(
            "--keep-access",
            action="store_true",
            help="passwords, PINs, tokens and tablets work as when the backup was made",
        )

    def handle(self, *, file, slug, host, keep_access, **options):
        try:
            restored = restoring.restore_farm(
                file, slug=slug, hosts=host, keep_access=keep_access, by=None
            )
        except SlugTaken as refusal:
            hint = "Restore it beside that one with --slug, or drop that one first."
            raise CommandError(f"{refusal.detail} {hint}") from refusal
        tenant = restored.tenant
        state = "answers on"
        if tenant.status != tenant.Status.ACTIVE:
            state = f"is as it was ({tenant.get_status_display().lower()}); resumed, it is on"
        hosts = tenant.domains.order_by("-is_primary", "pk").values_list("host", flat=True)
        self.stdout.write(f"Farm {tenant.slug} {state} {', '.join(hosts)}")
        self._report_access(restored, keep_access)
        self.stdout.write(f"Check its book: manage.py verify_ledger {tenant.slug}")

    def _report_access(self, restored, keep_access):
        slug, taken = restored.tenant.slug, f"{restored.taken_at:%Y-%m-%d %H:%M} UTC"
        if keep_access:
            self.stdout.write(f"Whoever could sign in at {taken} can again.")
            return
        if not restored.is_compared:
            self.stdout.write(
                "Nobody can sign in: all passwords, PINs, tokens and tablets of the backup are "
                f"revoked. Let somebody in: manage.py set_password {slug} NAME"
            )
            return
        for line in restored.lines():
            self.stdout.write(line)
