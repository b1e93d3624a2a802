"""Endpoints for managers: people, their roles, everybody's tokens, the farm's settings."""

from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response

from tenants.accounts import devices, pins, roles, services
from tenants.accounts.models import AuditEvent, DeviceToken, FarmSettings, FloorDevice, User
from tenants.api import FULL_SCOPE, SIGNED_IN
from tenants.api.people import filters, serializers
from tenants.api.people.confirmation import ConfirmedMixin
from tenants.api.serializers import NoBody
from tenants.api.views import BaseViewSet, ListViewSet, ReadViewSet


class UserViewSet(ConfirmedMixin, ReadViewSet):
    """The people of the farm. They are deactivated, never deleted."""

    help_topic = "api#people-and-settings"
    queryset = User.objects.all()
    serializer_class = serializers.UserSerializer
    bodies = {
        "create": serializers.NewUserBody,
        **dict.fromkeys(["update", "partial_update"], serializers.ChangedUserBody),
        "set_password": serializers.PasswordBody,
        "set_pin": serializers.PinBody,
        **dict.fromkeys(["unlock", "unlock_pin", "reactivate"], serializers.ConfirmBody),
        **dict.fromkeys(["clear_pin", "deactivate"], NoBody),
    }
    confirmed = frozenset(bodies) - {"clear_pin", "deactivate"}  # which let nobody in
    permissions = dict.fromkeys(bodies, "change") | {"create": "add"}
    filterset_class = filters.UserFilter
    search_fields = ["username", "name", "email"]
    ordering_fields = ["id", "username", "name", "role", "last_login", "created_at"]

    @property
    def stores_answers(self):
        return self.action not in ("create", "set_password", "set_pin")  # whose bodies are secret

    def create(self, request):
        """Let somebody into the farm."""
        user = self.call(services.add_user, **self.get_validated_data())
        return self.row_response(user, status=status.HTTP_201_CREATED)

    def update(self, request, pk, *, partial=False):
        user = self.get_object()
        return self.row_response(
            self.call(services.change, user, **self.get_validated_data(user, partial=partial))
        )

    def partial_update(self, request, pk):
        return self.update(request, pk, partial=True)

    @action(detail=True, methods=["post"])
    def deactivate(self, request, pk):
        """Shut somebody out: their sessions and tokens end for good; not the last manager."""
        return self.verb(services.deactivate)

    @action(detail=True, methods=["post"])
    def reactivate(self, request, pk):
        """Let somebody in again, with the password they had: their tokens stay revoked."""
        return self.verb(services.reactivate)

    @action(detail=True, methods=["post"], url_path="set-password")
    def set_password(self, request, pk):
        """Give somebody else a new password: their sessions end, and their tokens unless
        ``end_tokens`` is false. One's own is changed at ``me/password/``."""
        return self.verb(services.set_password)

    @action(detail=True, methods=["post"])
    def unlock(self, request, pk):
        """Forget the wrong passwords typed for somebody, which a stranger may have typed: they may
        sign in again at once."""
        return self.verb(services.unlock)

    @action(detail=True, methods=["post"], url_path="set-pin")
    def set_pin(self, request, pk):
        """Give somebody a PIN for the floor's shared tablets: who is on one signs in again."""
        return self.verb(pins.set_pin)

    @action(detail=True, methods=["post"], url_path="clear-pin")
    def clear_pin(self, request, pk):
        """Take somebody's PIN away: they can't sign in on a shared tablet any more."""
        return self.verb(pins.clear_pin)

    @action(detail=True, methods=["post"], url_path="unlock-pin")
    def unlock_pin(self, request, pk):
        """Let somebody who typed too many wrong PINs try again at once."""
        return self.verb(pins.unlock)


class RoleViewSet(ListViewSet):
    """The roles, and what each may do."""

    help_topic = "api#people-and-settings"
    title = "Roles"
    observed_as = "role.list"
    queryset = User.objects.none()
    serializer_class = serializers.RoleSerializer
    permissions = {"list": SIGNED_IN, "metadata": SIGNED_IN}
    filter_backends = []

    def list(self, request):
        permissions = {role: sorted(roles.permissions(role)) for role in roles.FARM_ROLES}
        rows = [{"role": role, "permissions": may} for role, may in permissions.items()]
        return self.list_response(rows)


class DeviceTokenViewSet(ConfirmedMixin, ReadViewSet):
    """The tokens of everybody in the farm; those of one's own are at ``tokens/``."""

    help_topic = "api#authentication"
    queryset = DeviceToken.objects.select_related("user")
    serializer_class = serializers.DeviceTokenSerializer
    bodies = {"create": serializers.NewDeviceTokenBody}
    confirmed = {"create"}
    answers = {"create": {201: serializers.NewDeviceTokenSerializer}}
    permissions = {"destroy": "change"}
    filterset_class = filters.DeviceTokenFilter
    search_fields = ["name", "user__username", "user__name"]
    ordering_fields = ["id", "name", "created_at", "last_used_at", "expires_at"]
    stores_answers = False

    def create(self, request):
        """Issue a token for a device, in the name of somebody; it is shown this once."""
        values = self.get_validated_data() | {"made_with": request.auth}
        token, secret = self.call(services.issue_token, values.pop("user"), **values)
        token.token = secret
        answer = serializers.NewDeviceTokenSerializer(token).data
        headers = {"Location": self._address_of(token)}
        return Response(answer, status=status.HTTP_201_CREATED, headers=headers)

    def destroy(self, request, pk):
        """Revoke a token, with those made with it: of no use at once, they stay on the list."""
        self.call(services.revoke_token, self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


class FloorDeviceViewSet(ConfirmedMixin, ReadViewSet):
    """The floor's shared tablets. One is registered on itself, at /floor/device/."""

    help_topic = "api#people-and-settings"
    queryset = FloorDevice.objects.all()
    serializer_class = serializers.FloorDeviceSerializer
    bodies = {"unlock": serializers.ConfirmBody}
    confirmed = {"unlock"}
    permissions = {"destroy": "change", "unlock": "change"}
    filterset_class = filters.FloorDeviceFilter
    search_fields = ["name"]
    ordering_fields = ["id", "name", "created_at", "last_used_at"]

    @action(detail=True, methods=["post"])
    def unlock(self, request, pk):
        """Forget the wrong PINs typed on the tablet: everybody may try again at once."""
        return self.verb(pins.unlock_device)

    def destroy(self, request, pk):
        """Revoke the tablet: nobody signs in on it any more, and it stays on the list."""
        self.call(devices.revoke, self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


class SettingsViewSet(BaseViewSet):
    """What the farm has decided about itself; new rates count from the next run that starts."""

    help_topic = "api#people-and-settings"
    queryset = FarmSettings.objects.all()
    serializer_class = serializers.FarmSettingsSerializer
    permissions = {"show": FULL_SCOPE, "metadata": FULL_SCOPE}
    pagination_class = None

    def get_object(self):
        return FarmSettings.load()

    def show(self, request):
        """Read the farm's settings."""
        return self.row_response(self.get_object())

    def update(self, request, *, partial=False):
        """Change the farm's settings, given as a whole."""
        row = self.get_object()
        values = self.get_validated_data(row, partial=partial)
        return self.row_response(self.call(services.change_settings, row, **values))

    def partial_update(self, request):
        """Change some of the farm's settings."""
        return self.update(request, partial=True)


class AuditEventViewSet(ReadViewSet):
    """Changes of master data, through whichever interface, in the order in which they were made."""

    help_topic = "api#people-and-settings"
    queryset = AuditEvent.objects.order_by("pk")
    serializer_class = serializers.AuditEventSerializer
    filterset_class = filters.AuditEventFilter
    search_fields = ["by_name", "object_label"]
    ordering_fields = ["id", "at"]
