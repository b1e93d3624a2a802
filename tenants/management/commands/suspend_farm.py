from tenants.farms import services
from tenants.management.farm_command import FarmCommand, farm


class Command(FarmCommand):
    help = "Refuse every request to a farm, or let them in again; nothing of it is lost."
    verb, state = staticmethod(services.suspend_farm), "suspended"

    def add_arguments(self, parser):
        parser.add_argument("slug")
        parser.add_argument("--resume", action="store_true", help="let requests in again")

    def handle(self, *, slug, resume, **options):
        verb = services.resume_farm if resume else self.verb
        verb(farm(slug), by=None)
        self.stdout.write(f"Farm {slug} is {'open' if resume else self.state}")
