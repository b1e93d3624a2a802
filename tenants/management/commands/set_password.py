from django.core.management.base import CommandError
from django_tenants.utils import get_public_schema_name, schema_context, tenant_context

from tenants.accounts import services
from tenants.accounts.models import User
from tenants.management.farm_command import FarmCommand, farm, new_password


class Command(FarmCommand):
    help = (
        "Give somebody of a farm, or an administrator, a new password; their sessions and tokens "
        "end."
    )

    def add_arguments(self, parser):
        parser.add_argument("slug", help="the farm; public: an administrator of the installation")
        parser.add_argument("username")
        parser.add_argument("--password", help="made up and printed when missing")
        parser.add_argument("--keep-tokens", action="store_true", help="do not revoke their tokens")

    def handle(self, *, slug, username, password, keep_tokens, **options):
        public = get_public_schema_name()
        secret = password or new_password()
        with schema_context(public) if slug == public else tenant_context(farm(slug)):
            try:
                user = User.objects.get_by_natural_key(username)
            except User.DoesNotExist:
                known = ", ".join(User.objects.active().values_list("username", flat=True)[:20])
                raise CommandError(f"{slug} has no {username!r}; there are: {known}.") from None
            services.set_password(user, password=secret, by=None, end_tokens=not keep_tokens)
        if not user.is_active:
            self.stderr.write(f"{username} has been deactivated, and can't sign in all the same.")
        if not password:
            self.stdout.write(f"Password {secret}")
