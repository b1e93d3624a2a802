import os

from production import demo
from tenants.management.farm_command import FarmCommand


class Command(FarmCommand):
    help = "Make the demo farm if it is missing, and print its address and sign-ins."

    def handle(self, **options):
        farm, is_new = demo.ensure()
        if is_new:
            self.stdout.write("The demo farm has been made, with a month of history.")
        port = os.environ.get("PORT") or "8000"
        host = farm.get_primary_domain().host
        rows = [("address", f"http://{host}:{port}/", ""), ("", "", "")]
        rows += [("name", "password", "person")]
        rows += [(role, password, name) for role, name, password in demo.SIGN_INS]
        self.stdout.write("\n".join(f"  {a:<10} {b:<26} {c}".rstrip() for a, b, c in rows))
