"""The farm's people, devices, settings and audit trail, for its managers."""

from django import forms
from django.contrib import admin, messages

from tenants.accounts import devices, pins, roles, services
from tenants.accounts.admin.base import ModelAdmin, farm_site
from tenants.accounts.models import AuditEvent, DeviceToken, FarmSettings, FloorDevice, User
from tenants.errors import Refusal

ROLE_CHOICES = [choice for choice in roles.CHOICES if choice[0] in roles.FARM_ROLES]


class UserForm(forms.ModelForm):
    """Somebody in the farm; on a change, an empty password leaves the old one."""

    role = forms.ChoiceField(choices=ROLE_CHOICES)
    new_password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), required=False
    )

    new_pin = forms.CharField(
        label="New PIN",
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
        required=False,
        help_text="For shared tablets: 4 to 8 digits. People can set their own.",
    )

    class Meta:
        model = User
        fields = ["username", "name", "email", "role", "is_active"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["new_password"].required = self.instance.pk is None

    def clean_username(self):
        return self.cleaned_data["username"].lower()


@admin.register(User, site=farm_site)
class UserAdmin(ModelAdmin):
    form = UserForm
    list_display = ["username", "name", "role", "is_active", "has_pin", "last_login"]
    list_filter = ["role", "is_active"]
    search_fields = ["username", "name"]
    fields = ["username", "name", "email", "role", "is_active", "new_password", "new_pin"]
    actions = ["unlock_pin", "clear_pin"]

    @admin.display(boolean=True, description="PIN")
    def has_pin(self, user):
        return bool(user.pin_hash)

    @admin.action(description="Unlock the PINs", permissions=["change"])
    def unlock_pin(self, request, queryset):
        for user in queryset:
            pins.unlock(user, by=request.user)
        messages.success(request, "They may try again.")

    @admin.action(description="Take the PINs away", permissions=["change"])
    def clear_pin(self, request, queryset):
        for user in queryset:
            pins.clear_pin(user, by=request.user)
        messages.success(request, "On shared tablets they sign in with a new PIN only.")

    def get_readonly_fields(self, request, obj=None):
        return ["username"] if obj else ["is_active"]

    def has_delete_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        values, by = form.cleaned_data, request.user
        if not change:
            fields = {name: values[name] for name in ("username", "name", "email", "role")}
            obj.pk = services.add_user(password=values["new_password"], by=by, **fields).pk
            self._set_pin(obj, values, by)
            return
        fields = {name: values[name] for name in ("name", "email", "role")}
        user = services.change(obj, by=by, **fields)
        if "is_active" in form.changed_data:
            verb = services.reactivate if values["is_active"] else services.deactivate
            user = verb(user, by=by)
        if values["new_password"]:
            services.set_password(user, password=values["new_password"], by=by)
        self._set_pin(user, values, by)

    @staticmethod
    def _set_pin(user, values, by):
        if values["new_pin"]:
            pins.set_pin(user, pin=values["new_pin"], by=by)


class ReadOnlyAdmin(ModelAdmin):
    """To be looked at."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(DeviceToken, site=farm_site)
class DeviceTokenAdmin(ReadOnlyAdmin):
    """Tokens are issued where their secret can be shown once; here they are looked at, revoked."""

    list_display = ["name", "user", "created_at", "last_used_at", "expires_at", "revoked_at"]
    list_select_related = ["user"]
    fields = ["name", "user", "created_at", "last_used_at", "expires_at", "revoked_at"]
    actions = ["revoke"]

    def has_revoke_permission(self, request):
        return request.user.has_perm("accounts.change_devicetoken")

    @admin.action(description="Revoke the tokens", permissions=["revoke"])
    def revoke(self, request, queryset):
        for token in queryset:
            try:
                services.revoke_token(token, by=request.user)
            except Refusal as refusal:
                messages.warning(request, refusal.detail)


@admin.register(FloorDevice, site=farm_site)
class FloorDeviceAdmin(ReadOnlyAdmin):
    """A tablet is registered on the tablet itself, at /floor/device/; here it is revoked."""

    list_display = [
        "name",
        "registered_by",
        "created_at",
        "last_used_at",
        "failures",
        "locked_until",
        "revoked_at",
    ]
    list_select_related = ["registered_by"]
    fields = list_display
    actions = ["revoke", "unlock"]

    def has_revoke_permission(self, request):
        return request.user.has_perm("accounts.change_floordevice")

    @admin.action(description="Revoke the devices", permissions=["revoke"])
    def revoke(self, request, queryset):
        for device in queryset:
            try:
                devices.revoke(device, by=request.user)
            except Refusal as refusal:
                messages.warning(request, refusal.detail)

    @admin.action(description="Unlock the devices", permissions=["revoke"])
    def unlock(self, request, queryset):
        for device in queryset:
            pins.unlock_device(device, by=request.user)


@admin.register(FarmSettings, site=farm_site)
class FarmSettingsAdmin(ModelAdmin):
    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(AuditEvent, site=farm_site)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ["at", "by_name", "verb", "object_type", "object_label"]
    list_filter = ["verb", "object_type"]
    search_fields = ["by_name", "object_label"]
    fields = ["at", "by_name", "verb", "object_type", "object_label", "changes", "correlation_id"]
