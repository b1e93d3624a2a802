"""What the websocket of an address is told of: everything, all of a kind, or one."""

from production.spoolman import client_settings


def of_everything(_call):
    return ()


def of_all(kind):
    return lambda _call: (kind,)


def of_one(kind):
    """One that need not exist. Raises InvalidShape."""
    return lambda call: (kind, str(call.number(f"{kind}_id")))


def of_setting(call):
    """Raises Failure."""
    return "setting", client_settings.key_of(call)
