from tenants import upkeep
from tenants.management.farm_command import FarmCommand


class Command(FarmCommand):
    help = "Make the database ready: migrate public, then the farms that are behind."

    def handle(self, *args, **options):
        late = upkeep.prepare(said=self.stdout.write)
        self.stdout.write(f"Ready ({len(late)} farms migrated)")
