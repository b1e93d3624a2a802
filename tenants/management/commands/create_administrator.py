from tenants.accounts import roles
from tenants.accounts.services import add_user
from tenants.management.farm_command import FarmCommand, new_password


class Command(FarmCommand):
    help = "Let somebody make and suspend farms on the public site."

    def add_arguments(self, parser):
        parser.add_argument("username")
        parser.add_argument("--password", help="made up and printed when missing")

    def handle(self, *, username, password, **options):
        secret = password or new_password()
        user = add_user(username=username, password=secret, role=roles.ADMINISTRATOR, by=None)
        self.stdout.write(f"Administrator {user.username}")
        if not password:
            self.stdout.write(f"Password {secret}")
