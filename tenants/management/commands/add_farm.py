from tenants.farms import services
from tenants.management.farm_command import FarmCommand, new_password


class Command(FarmCommand):
    help = "Add a farm and its first manager."

    def add_arguments(self, parser):
        parser.add_argument("slug", help="short name: the farm answers on <slug>.localhost")
        parser.add_argument("--name", help="what people call it; by default the slug")
        parser.add_argument("--run-prefix", default="", help="what run numbers begin with")
        parser.add_argument("--timezone", default="UTC", help="as in Europe/Berlin")
        parser.add_argument("--currency", default="EUR", help="ISO 4217")
        parser.add_argument("--manager", default="manager", help="the first manager's username")
        parser.add_argument("--password", help="the manager's; made up and printed when missing")
        parser.add_argument("--host", action="append", default=[], help="another host; repeatable")

    def handle(self, *, slug, name, manager, password, host, **options):
        chosen = {key: options[key] for key in ("run_prefix", "timezone", "currency")}
        secret = password or new_password()
        tenant = services.add_farm(
            slug=slug,
            name=name or slug,
            manager=manager,
            password=secret,
            hosts=host,
            **chosen,
        )
        self.stdout.write(f"Farm {tenant.slug} answers on {tenant.get_primary_domain()}")
        if not password:
            self.stdout.write(f"Manager {manager}, password {secret}")
