"""Users, and the tokens of devices."""

import hashlib

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from tenants.accounts import roles, scopes
from tenants.live.notes import ACCESS
from tenants.operations.refusals import InUse
from tenants.operations.searching import FoundByWords
from tenants.operations.sql_property import sql_property

USERNAME = r"^[a-z0-9][a-z0-9._@+-]*$"


class UserQuerySet(FoundByWords, models.QuerySet):
    contains, words = ("username", "name", "email"), "words_of(username || ' ' || name)"

    def active(self):
        return self.filter(is_active=True)

    def get_by_natural_key(self, username):
        return self.get(username=username.lower())


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):
    def get_by_natural_key(self, username):
        return self.get_queryset().get_by_natural_key(username)


class User(AbstractBaseUser):
    """Somebody who works in this farm. Deactivated when they leave, never deleted."""

    username = models.CharField(
        max_length=150,
        unique=True,
        validators=[RegexValidator(USERNAME, "Use letters, digits and . _ @ + - only.")],
        help_text="Kept in lower case; people may type it in any.",
    )
    name = models.CharField(max_length=150, blank=True)
    email = models.EmailField(blank=True)
    role = models.CharField(max_length=20, choices=roles.CHOICES, default=roles.VIEWER)
    pin_hash = models.CharField(max_length=128, blank=True, editable=False)
    is_active = models.BooleanField("active", default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    sessions_ended_at = models.DateTimeField(null=True, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []
    is_superuser = False  # read by packages; here a role has all permissions
    is_on_floor = False  # signed in by PIN: see PinBackend
    announced_as = ACCESS  # what is open for somebody may be closed
    token = None  # that they came with
    scope = scopes.ALL  # of that token

    @sql_property(~models.Q(pin_hash=""))
    def has_pin(self):
        return bool(self.pin_hash)

    class Meta:
        ordering = ["username", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(username=Lower("username")), name="accounts_user_username_lower"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=roles.ALL), name="accounts_user_role"
            ),
        ]

    def __str__(self):
        return self.name or self.username

    @property
    def is_staff(self):
        """Whether the admin may be opened; what can be done there depends on permissions."""
        return not self.is_on_floor and bool(self.rights())

    def get_session_auth_hash(self):
        """A session lasts as long as this is the same."""
        value = f"{self.password} {self.sessions_ended_at}"
        return salted_hmac("spoolbook.session", value, algorithm="sha256").hexdigest()

    def rights(self):
        """Everything this person may do, with the token they came with; by PIN as with the scope
        of the floor."""
        held = roles.permissions(self.role) if self.is_active else frozenset()
        return scopes.limited(held, scopes.FLOOR if self.is_on_floor else self.scope)

    def delete(self, *args, **kwargs):
        """Users are never deleted, as their actions keep their name. Deactivate them."""
        raise InUse(_("People are deactivated, never deleted."))

    def get_full_name(self):
        return str(self)

    def get_short_name(self):
        return str(self)

    def has_perm(self, permission, obj=None):
        return permission in self.rights()

    def has_perms(self, permissions, obj=None):
        return all(self.has_perm(permission, obj) for permission in permissions)

    def has_module_perms(self, app_label):
        return any(permission.startswith(f"{app_label}.") for permission in self.rights())


class DeviceTokenQuerySet(models.QuerySet):
    def usable(self, at):
        """Tokens that sign somebody in at this moment."""
        lasting = models.Q(expires_at=None) | models.Q(expires_at__gt=at)
        return self.not_revoked().filter(lasting, user__is_active=True)

    def not_revoked(self):
        return self.filter(revoked_at=None)


class DeviceToken(models.Model):
    """What a printer, a slicer or a script signs in with; only its hash is stored.

    ``kind`` is how the figures of a device are read, ``printer`` whose it is.
    """

    class Kind(models.TextChoices):
        MOONRAKER = "moonraker", "Moonraker (Klipper)"
        OCTOPRINT = "octoprint", "OctoPrint"
        BRIDGE = "bridge", "Bridge of several printers"
        READER = "reader", "Reader of tags"
        SCALE = "scale", "Scale"
        SLICER = "slicer", "Slicer"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=100)
    scope = models.CharField(max_length=20, choices=scopes.CHOICES, help_text=scopes.HELP)
    kind = models.CharField(max_length=10, choices=Kind, blank=True)
    # No constraint: the site of all farms has tokens, and no printers.
    printer = models.ForeignKey(
        "production.Printer",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="tokens",
        db_constraint=False,
    )
    counts_up = models.BooleanField(
        "counts weights above the book",
        default=False,
        help_text="Of a bridge or reader: where it says that more is left, that is believed.",
    )
    makes_spools = models.BooleanField(
        "makes spools of unknown tags",
        default=False,
        help_text="Of a bridge or reader: else sealed spools are offered for a tag on none.",
    )
    hash = models.CharField(max_length=64, unique=True, editable=False)
    made_with = models.ForeignKey(
        "self",
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="made",
        help_text="The token that it was made with, which takes it along when it is revoked.",
    )
    created_at = models.DateTimeField("issued", default=timezone.now, editable=False)
    last_used_at = models.DateTimeField("last used", null=True, blank=True, editable=False)
    expires_at = models.DateTimeField("expires", null=True, blank=True)
    revoked_at = models.DateTimeField("revoked", null=True, blank=True, editable=False)

    announced_as = ACCESS

    objects = DeviceTokenQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scope__in=[scope for scope, _label in scopes.CHOICES]),
                name="accounts_devicetoken_scope",
            )
        ]

    def __str__(self):
        return self.name

    @staticmethod
    def hash_of(secret):
        """The stored hash of a token. A plain SHA-256 suffices for a secret of 256 bits."""
        return hashlib.sha256(secret.encode()).hexdigest()
