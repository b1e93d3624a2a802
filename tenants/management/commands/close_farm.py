from tenants.farms import services
from tenants.management.commands import suspend_farm


class Command(suspend_farm.Command):
    help = (
        "Close a farm for maintenance, or let requests in again: meanwhile people, programs and "
        "tablets are asked to come back later (503), and commands go on."
    )
    verb, state = staticmethod(services.close_farm), "closed for maintenance"
