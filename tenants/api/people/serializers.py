"""People, roles, tokens and the farm's settings, as JSON."""

from rest_framework import serializers

from tenants.accounts import roles, scopes
from tenants.accounts.models import AuditEvent, DeviceToken, FarmSettings, FloorDevice, User
from tenants.api.fields import (
    ChoiceField,
    EmailField,
    FlagField,
    IdField,
    LowerCaseField,
    MomentField,
    NameField,
    PersonNameField,
    TextField,
    UsernameField,
)
from tenants.api.serializers import Body, RowSerializer

ROLES = [choice for choice in roles.CHOICES if choice[0] in roles.FARM_ROLES]
PASSWORD = {"max_length": 1000, "trim_whitespace": False}
CURRENT_PASSWORD = PASSWORD | {
    "required": False,
    "write_only": True,
    "help_text": "Needed with a token: the password of whoever asks.",
}

# --- Tokens ------------------------------------------------------------------------------------


class TokenSerializer(RowSerializer):
    """A token as it is listed: without its secret."""

    class Meta:
        model = DeviceToken
        fields = ["id", "name", "scope", "created_at", "last_used_at", "expires_at", "revoked_at"]
        read_only_fields = fields


class NewTokenBody(Body):
    """Whoever knows the password may have a token of that person."""

    username = TextField(max_length=150)
    password = TextField(max_length=1000, trim_whitespace=False)
    name = TextField(max_length=100, help_text="What the token is for.")
    scope = ChoiceField(choices=scopes.CHOICES, help_text=scopes.HELP)
    expires_at = MomentField(required=False, allow_null=True)


class NewTokenSerializer(TokenSerializer):
    """A token when it is made: the only time its secret is seen."""

    token = serializers.CharField(read_only=True)

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "token"]
        read_only_fields = fields


class FarmSerializer(serializers.Serializer):
    """The farm one is in."""

    name = serializers.CharField()
    slug = serializers.CharField()
    timezone = serializers.CharField()
    currency = serializers.CharField()


class MeSerializer(RowSerializer):
    """Who I am here, and what I may do."""

    email = serializers.CharField(read_only=True)
    role = ChoiceField(choices=ROLES, read_only=True)
    scope = ChoiceField(
        choices=scopes.CHOICES, read_only=True, help_text="Of the token; of a session: all."
    )
    permissions = serializers.ListField(child=serializers.CharField(), read_only=True)
    farm = FarmSerializer(read_only=True)

    class Meta:
        model = User
        fields = ["id", "username", "name", "email", "role", "scope", "permissions", "farm"]
        read_only_fields = fields


# --- What managers look after ------------------------------------------------------------------


class ConfirmBody(Body):
    """With a token, what lets somebody in takes the password of whoever asks as well."""

    current_password = TextField(**CURRENT_PASSWORD)


class DeviceTokenSerializer(TokenSerializer):
    """A token of anybody in the farm."""

    username = serializers.CharField(source="user.username", read_only=True)
    kind = ChoiceField(choices=DeviceToken.Kind.choices, allow_blank=True, read_only=True)

    class Meta(TokenSerializer.Meta):
        fields = [
            *("id", "user", "username", *TokenSerializer.Meta.fields[1:]),
            *("kind", "printer", "counts_up", "makes_spools", "made_with"),
        ]
        read_only_fields = fields


class NewDeviceTokenBody(ConfirmBody):
    """A token for a device, which acts in the name of somebody."""

    user = IdField(queryset=User.objects.all(), required=False)
    username = NameField(
        "username", lookup="username__iexact", source="user", queryset=User.objects.all()
    )
    name = TextField(max_length=100, help_text="What the token is for.")
    scope = ChoiceField(choices=scopes.CHOICES, help_text=scopes.HELP)
    kind = ChoiceField(
        choices=DeviceToken.Kind.choices,
        required=False,
        allow_blank=True,
        help_text="The kind of device or program, by which its figures are read.",
    )
    printer = IdField(
        queryset=DeviceToken._meta.get_field("printer").related_model.objects.all(),
        required=False,
        allow_null=True,
        help_text="Whose device it is, if it is of one.",
    )
    counts_up = FlagField(
        default=False,
        help_text="Of a bridge or reader: where it says that more is left, that is believed.",
    )
    makes_spools = FlagField(
        default=False,
        help_text="Of a bridge or reader: a tag that is on no spool makes one.",
    )
    expires_at = MomentField(required=False, allow_null=True)

    class Meta:
        needed = ("user",)


class NewDeviceTokenSerializer(DeviceTokenSerializer):
    """A token when it is made: the only time its secret is seen."""

    token = serializers.CharField(read_only=True)

    class Meta(DeviceTokenSerializer.Meta):
        fields = [*DeviceTokenSerializer.Meta.fields, "token"]
        read_only_fields = fields


class UserSerializer(RowSerializer):
    """Somebody of the farm. They come and go by verbs: nobody is deleted."""

    role = ChoiceField(choices=ROLES)
    has_pin = serializers.BooleanField(
        read_only=True, help_text="Whether they can sign in on the floor's shared tablets."
    )

    class Meta:
        model = User
        fields = [
            "id",
            "username",
            "name",
            "email",
            "role",
            "has_pin",
            "is_active",
            "last_login",
            "created_at",
        ]
        read_only_fields = ["is_active", "last_login", "created_at"]
        create_only = ("username",)


class ChangedUserBody(UserSerializer):
    """As it was read, with what is to be different."""

    current_password = TextField(**CURRENT_PASSWORD)

    class Meta(UserSerializer.Meta):
        fields = [*UserSerializer.Meta.fields, "current_password"]


class NewUserBody(ConfirmBody):
    """Somebody new; their manager passes on the password."""

    username = LowerCaseField(max_length=150)
    password = TextField(**PASSWORD)
    role = ChoiceField(choices=ROLES)
    name = TextField(max_length=150, required=False, allow_blank=True)
    email = EmailField(required=False, allow_blank=True)


class PasswordBody(ConfirmBody):
    """A new password; the sessions with the old one end."""

    password = TextField(**PASSWORD)
    end_tokens = FlagField(default=True, help_text="Whether their tokens are revoked, too.")


class OwnPasswordBody(Body):
    """A new password of one's own, with the old one; all sessions but this one end."""

    current_password = TextField(**PASSWORD)
    password = TextField(**PASSWORD)
    end_tokens = FlagField(help_text="Whether one's tokens are revoked, too.")


class PinBody(ConfirmBody):
    """4 to 8 digits, for the floor's shared tablets."""

    pin = TextField(max_length=100, trim_whitespace=False)


class FloorDeviceSerializer(RowSerializer):
    """A shared tablet of the floor; ``failures`` are the wrong PINs typed on it in a row."""

    registered_by_username = UsernameField("registered_by")
    registered_by_name = PersonNameField("registered_by")

    class Meta:
        model = FloorDevice
        fields = [
            "id",
            "name",
            "registered_by",
            "registered_by_username",
            "registered_by_name",
            "created_at",
            "last_used_at",
            "failures",
            "locked_until",
            "revoked_at",
        ]
        read_only_fields = fields


class RoleSerializer(serializers.Serializer):
    """What people of a role may do."""

    role = ChoiceField(choices=ROLES)
    permissions = serializers.ListField(child=serializers.CharField())


class FarmSettingsSerializer(RowSerializer):
    """What the farm has decided about itself; rates are money an hour, or a kWh."""

    class Meta:
        model = FarmSettings
        exclude = ["id"]


# --- The audit trail ---------------------------------------------------------------------------


class AuditEventSerializer(RowSerializer):
    """One change of master data, or a sign-in: who, what, each field before and after. What a field
    refers to is ``{"id": ..., "name": ...}``, called as it was then."""

    by_username = UsernameField("by")
    changes = serializers.DictField(
        child=serializers.ListField(child=serializers.JSONField(), min_length=2, max_length=2),
        read_only=True,
        help_text="Before and after, by field.",
    )

    class Meta:
        model = AuditEvent
        fields = [
            "id",
            "at",
            "by",
            "by_username",
            "by_name",
            "verb",
            "object_type",
            "object_id",
            "object_label",
            "changes",
            "source",
            "address",
            "correlation_id",
        ]
        read_only_fields = fields
