from tenants.management.farm_command import FarmCommand
from tenants.schemas import prepare


class Command(FarmCommand):
    help = "Make the database ready: migrate public, then the farms that are behind."

    def handle(self, *args, **options):
        late = prepare.prepare(log=self.stdout.write)
        self.stdout.write(f"Ready ({len(late)} farms migrated)")
