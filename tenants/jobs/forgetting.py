"""What is deleted each hour in each farm, since it is no longer kept: registered by apps."""

_registered = []


def register(forget):
    """``forget(now)`` is called within each farm."""
    _registered.append(forget)


def works():
    return list(_registered)
