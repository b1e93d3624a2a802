"""What the websocket of an address is told of: everything, all of a kind, or one."""

from production.spoolman import client_settings
from production.spoolman.answers import Failure


def of_everything(_call):
    return ()


def of_all(kind):
    return lambda _call: (kind,)


def of_one(kind):
    """One that need not exist. Raises InvalidShape."""

    def topic(call):
        try:
            return kind, str(call.number(f"{kind}_id"))
        except Failure:
            return kind, "0"

    return topic


def of_setting(call):
    """Raises Failure."""
    return "setting", client_settings.key_of(call)
