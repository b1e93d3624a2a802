from tenants.farms import services
from tenants.management.farm_command import FarmCommand, farm


class Command(FarmCommand):
    help = "Shut a farm's door, or open it again; nothing of it is lost."

    def add_arguments(self, parser):
        parser.add_argument("slug")
        parser.add_argument("--resume", action="store_true", help="open it again")

    def handle(self, *, slug, resume, **options):
        verb = services.resume_farm if resume else services.suspend_farm
        verb(farm(slug), by=None)
        self.stdout.write(f"Farm {slug} is {'open' if resume else 'suspended'}")
