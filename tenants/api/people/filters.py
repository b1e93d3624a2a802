"""The filters of the lists of people and tokens."""

from django.utils import timezone

from tenants.accounts import roles, scopes
from tenants.accounts.models import AuditEvent, DeviceToken, FloorDevice, User
from tenants.api.filters import (
    BooleanFilter,
    EventFilter,
    FilterSet,
    IdFilter,
    PersonFilter,
    ReferenceFilter,
    SeveralFilter,
    TextFilter,
)


class UserFilter(FilterSet):
    role = SeveralFilter(choices=[(role, role) for role in roles.FARM_ROLES])
    is_active = BooleanFilter()

    class Meta:
        model = User
        fields = ["role", "is_active"]


class DeviceTokenFilter(FilterSet):
    user = IdFilter(field_name="user_id")
    username = TextFilter(field_name="user__username", lookup_expr="iexact")
    scope = SeveralFilter(choices=scopes.CHOICES)
    kind = SeveralFilter(choices=DeviceToken.Kind.choices)
    printer = ReferenceFilter("printer")
    is_usable = BooleanFilter(method="filter_usable", label="Neither revoked nor expired")

    class Meta:
        model = DeviceToken
        fields = ["user", "username", "scope", "kind", "printer", "is_usable"]

    def filter_usable(self, rows, name, value):
        usable = DeviceToken.objects.usable(timezone.now()).values("pk")
        return rows.filter(pk__in=usable) if value else rows.exclude(pk__in=usable)


class FloorDeviceFilter(FilterSet):
    registered_by = PersonFilter()
    is_usable = BooleanFilter("revoked_at", lookup_expr="isnull", label="Not revoked")

    class Meta:
        model = FloorDevice
        fields = []


class AuditEventFilter(EventFilter):
    verb = TextFilter()
    object_type = TextFilter(label="As in production.printer")
    object_id = IdFilter()

    class Meta:
        model = AuditEvent
        fields = []
