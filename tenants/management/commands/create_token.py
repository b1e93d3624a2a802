from django.core.management.base import CommandError
from django_tenants.utils import tenant_context

from tenants.accounts import scopes
from tenants.accounts.models import User
from tenants.accounts.services import issue_token
from tenants.management.farm_command import FarmCommand, farm


class Command(FarmCommand):
    help = "Make a token for a device and print it, alone; it is not shown again."

    def add_arguments(self, parser):
        parser.add_argument("slug", help="the farm")
        parser.add_argument("user", help="whom the device acts for")
        parser.add_argument("name", help="what the device is called")
        known = [scope for scope, _label in scopes.CHOICES]
        parser.add_argument("--scope", required=True, choices=known, help="what it may do")

    def handle(self, *, slug, user, name, scope, **options):
        with tenant_context(farm(slug)):
            try:
                owner = User.objects.get_by_natural_key(user)
            except User.DoesNotExist:
                raise CommandError(f"{slug} has no user {user!r}.") from None
            _, secret = issue_token(owner, name=name, scope=scope, by=None)
        self.stdout.write(secret)
