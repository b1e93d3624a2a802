from django.core.management.base import CommandError

from tenants.management.farm_command import FarmCommand, add_processes
from tenants.schemas import prepare

SOME_FARMS = 3  # exit code: the other farms can be served


class Command(FarmCommand):
    requires_system_checks = "__all__"
    help = (
        "Make the database ready: migrate public, then the farms that are behind. A farm that "
        "can't be prepared does not hinder the others: they are named in the end, and the exit "
        f"code is {SOME_FARMS}, or 1 if no farm is ready."
    )

    def add_arguments(self, parser):
        add_processes(parser)

    def handle(self, *, processes, **options):
        try:
            late = prepare.prepare(log=self.stdout.write, processes=processes)
        except prepare.FarmsNotPrepared as refusal:
            code = SOME_FARMS if refusal.is_any_prepared else 1
            text = f"Farms that could not be prepared ({len(refusal.reasons)}):\n{refusal.detail}"
            raise CommandError(text, returncode=code) from refusal
        self.stdout.write(f"Ready ({len(late)} farms migrated)")
