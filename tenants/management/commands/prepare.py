from django.core.management.base import BaseCommand

from tenants import upkeep


class Command(BaseCommand):
    help = "Make the database ready: migrate public, then the farms that are behind."

    def handle(self, *args, **options):
        late = upkeep.prepare(said=self.stdout.write)
        self.stdout.write(f"Ready ({len(late)} farms migrated)")
