"""Settings that clients of the printers' API keep here: JSON as text, byte for byte."""

from inventory.models import ClientSetting
from tenants.live.announcing import announce
from tenants.operations.operation import operation


@operation("client_setting.change")
def change(key, *, value, by):
    """Returns the ClientSetting."""
    announce("setting", key=key)
    return ClientSetting.objects.update_or_create(key=key, defaults={"value": value})[0]


@operation("client_setting.forget")
def forget(key, *, by):
    """Whether there was one."""
    announce("setting", key=key)
    return bool(ClientSetting.objects.filter(key=key).delete()[0])
