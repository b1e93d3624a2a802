from functools import partial

from django.core.management.base import CommandError

from tenants.farms import backups, nightly
from tenants.management.farm_command import FarmCommand, add_processes, farm, for_each
from tenants.models import Tenant


class Command(FarmCommand):
    help = (
        "Back farms up, each into a file of its own, to be restored by restore_farm, and print "
        "its path. The farm may be in use meanwhile."
    )

    def add_arguments(self, parser):
        parser.add_argument("slugs", nargs="*", help="the farms; all of them when left out")
        parser.add_argument(
            "--into",
            metavar="FOLDER",
            help="made when missing; without it, as every night: into the folder of the farm in "
            "SPOOLBOOK_BACKUPS, recorded in the farm, and old ones are deleted",
        )
        parser.add_argument(
            "--due",
            action="store_true",
            help="only farms of which there is no backup since their last night",
        )

        add_processes(parser)

    def handle(self, *, slugs, into, due, processes, **options):
        farms = [farm(slug) for slug in slugs] or list(Tenant.objects.order_by("slug"))
        if not farms:
            self.stdout.write("There is no farm yet.")
        work, failed = partial(_back_up, folder=into, is_if_due=due), []
        for tenant, path, failure in for_each(self, work, farms, processes=processes):
            if failure:  # no reason to go without the others
                self.stderr.write(failure)
                failed.append(tenant.slug)
            elif path:
                self.stdout.write(path)
        if failed:
            raise CommandError(f"There is no new backup of: {', '.join(sorted(failed))}.")


def _back_up(tenant, *, folder, is_if_due):
    """The path of a new backup, None where none is due. Raises BackupFailed."""
    if is_if_due and not nightly.is_due(tenant):
        return None
    if folder is None:
        return str(nightly.file_of(tenant, nightly.run(tenant)))
    return str(backups.back_up(tenant, folder))
