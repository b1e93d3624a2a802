from django.core.management.base import BaseCommand

from tenants.accounts import roles
from tenants.accounts.services import add_user
from tenants.management.commands._shared import new_password, refusals_told


class Command(BaseCommand):
    help = "Let somebody make and suspend farms on the public site."

    def add_arguments(self, parser):
        parser.add_argument("username")
        parser.add_argument("--password", help="made up and printed when missing")

    def handle(self, *, username, password, **options):
        secret = password or new_password()
        with refusals_told():
            user = add_user(username=username, password=secret, role=roles.ADMINISTRATOR, by=None)
        self.stdout.write(f"Administrator {user.username}")
        if not password:
            self.stdout.write(f"Password {secret}")
