"""The farm's people, tokens and tablets, for its managers."""

from django import forms
from django.contrib import admin, messages
from django.template.response import TemplateResponse

from tenants.accounts import devices, pins, roles, scopes, services
from tenants.accounts.models import DeviceToken, FloorDevice, User
from tenants.site.base import ModelAdmin
from tenants.site.filters import IsActiveListFilter, field_filter
from tenants.site.site import farm_site
from tenants.site.verbs import VerbAction, VerbPages
from tenants.web import reach

ROLE_CHOICES = [choice for choice in roles.CHOICES if choice[0] in roles.FARM_ROLES]


class UserForm(forms.ModelForm):
    """Somebody in the farm; on a change, an empty password leaves the old one."""

    role = forms.ChoiceField(choices=ROLE_CHOICES)
    new_password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), required=False
    )
    end_tokens = forms.BooleanField(
        initial=True, required=False, help_text="With a new password: revoke their tokens, too."
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
        if self.instance.pk is None:
            del self.fields["end_tokens"]

    def clean_username(self):
        return self.cleaned_data["username"].lower()


@admin.register(User, site=farm_site)
class UserAdmin(ModelAdmin):
    when_empty = "Everybody who works with the farm is listed here."
    form = UserForm
    list_display = ["username", "name", "role", "is_active", "has_pin", "last_login"]
    list_filter = [field_filter("role", "role", lambda: ROLE_CHOICES), IsActiveListFilter]
    search_fields = ["username", "name"]
    fields = ["username", "name", "email", "role", "is_active"]
    fields += ["new_password", "end_tokens", "new_pin"]
    actions = ["unlock", "unlock_pin", "clear_pin"]

    @admin.display(boolean=True, description="PIN")
    def has_pin(self, user):
        return bool(user.pin_hash)

    @admin.action(description="Unlock the passwords", permissions=["change"])
    def unlock(self, request, queryset):
        for user in queryset:
            services.unlock(user, by=request.user)
        messages.success(request, "Wrong passwords are forgotten: they may sign in again.")

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

    def get_fields(self, request, obj=None):
        return self.fields if obj else [name for name in self.fields if name != "end_tokens"]

    def get_readonly_fields(self, request, obj=None):
        return ["username"] if obj else ["is_active"]

    def has_delete_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        values, by = form.cleaned_data, request.user
        if not change:
            fields = {name: values[name] for name in ("username", "name", "email", "role")}
            user = services.add_user(password=values["new_password"], by=by, **fields)
            obj.pk = user.pk
        else:
            fields = {name: values[name] for name in ("name", "email", "role")}
            user = services.change(obj, by=by, **fields)
            if "is_active" in form.changed_data:
                verb = services.reactivate if values["is_active"] else services.deactivate
                user = verb(user, by=by)
            if values["new_password"]:
                password, end_tokens = values["new_password"], values["end_tokens"]
                services.set_password(user, password=password, by=by, end_tokens=end_tokens)
        if values["new_pin"]:
            pins.set_pin(user, pin=values["new_pin"], by=by)


class ReadOnlyAdmin(ModelAdmin):
    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    has_delete_permission = has_change_permission


class DeviceAdmin(VerbPages, ReadOnlyAdmin):
    add_form_template = change_form_template = "tenants/admin_device.html"


class TokenForm(forms.ModelForm):
    """A device's way in; what it may do is what its person may."""

    scope = forms.ChoiceField(  # without a choice of none
        choices=scopes.CHOICES, widget=forms.RadioSelect, help_text=scopes.HELP
    )

    class Meta:
        model = DeviceToken
        fields = [
            "name",
            "user",
            "scope",
            "kind",
            "printer",
            "counts_up",
            "makes_spools",
            "expires_at",
        ]
        help_texts = {
            "name": "What uses it: a slicer, a printer, a shop.",
            "user": "What it does is done in this name, and with this role at most.",
            "kind": "Of a printer or a program that speaks Spoolman: how its figures are read.",
            "printer": "Left empty for a program that serves several.",
            "expires_at": "Left empty: until it is revoked.",
        }


@admin.register(DeviceToken, site=farm_site)
class DeviceTokenAdmin(DeviceAdmin):
    """Tokens are issued on a page that shows their secret once; later they are only revoked."""

    when_empty = "A printer or a program signs in with a token of its own."
    form = TokenForm
    list_display = [
        "name",
        "user",
        "scope",
        "kind",
        "printer",
        "created_at",
        "last_used_at",
        "expires_at",
        "revoked_at",
    ]
    fields = [*list_display, "counts_up", "makes_spools"]
    list_filter = [
        field_filter("scope", "scope", lambda: scopes.CHOICES),
        field_filter("kind", "kind", lambda: DeviceToken.Kind.choices),
    ]
    list_select_related = ["user", "printer"]
    preview_template = "tenants/_token_preview.html"
    verbs = (
        VerbAction(
            name="revoke",
            label="Revoke",
            service=services.revoke_token,
            permission="accounts.change_devicetoken",
            bulk_label="Revoke the chosen tokens",
            is_possible=lambda token: token.revoked_at is None,
            description="Whatever uses it is shut out from now on. A revoked token stays revoked.",
            success_message="The token %(row)s is revoked.",
            tone="stop",
        ),
    )

    def has_add_permission(self, request):
        return request.user.has_perm("accounts.add_devicetoken")

    def get_fields(self, request, obj=None):
        return self.fields if obj else TokenForm.Meta.fields

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "user":
            kwargs["queryset"] = User.objects.filter(is_active=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request, obj, form, change):
        names = [name for name in TokenForm.Meta.fields if name != "user"]
        values = {name: form.cleaned_data[name] for name in names}
        token, secret = services.issue_token(form.cleaned_data["user"], by=request.user, **values)
        obj.pk, request.secret = token.pk, secret

    def response_add(self, request, obj, post_url_continue=None):
        """The one page that ever shows the secret."""
        is_for_printers = obj.scope in scopes.OF_PRINTERS
        found = reach.of(request) if is_for_printers else None
        context = {
            **self.admin_site.each_context(request),
            "title": "Token issued",
            "opts": self.opts,
            "token": obj,
            "secret": request.secret,
            "address": request.build_absolute_uri("/api/v1/"),
            "reach": found,
            "server": found and f"{found.address}/d/{request.secret}",
            "is_for_printers": is_for_printers,
        }
        return TemplateResponse(request, "tenants/admin_token_issued.html", context)


@admin.register(FloorDevice, site=farm_site)
class FloorDeviceAdmin(DeviceAdmin):
    """A tablet is registered on the tablet itself, at /floor/device/; here it is revoked."""

    when_empty = (
        "A tablet that several people share signs in once, on the floor's page for devices."
    )
    list_display = fields = [
        "name",
        "registered_by",
        "created_at",
        "last_used_at",
        "failures",
        "locked_until",
        "revoked_at",
    ]
    list_select_related = ["registered_by"]
    preview_template = "tenants/_tablet_preview.html"
    verbs = (
        VerbAction(
            name="unlock",
            label="Unlock",
            service=pins.unlock_device,
            permission="accounts.change_floordevice",
            bulk_label="Unlock the chosen tablets",
            is_possible=lambda device: device.revoked_at is None,
            description="Wrong PINs on it are forgotten: everybody may try again at once.",
            success_message="%(row)s is unlocked.",
        ),
        VerbAction(
            name="revoke",
            label="Revoke",
            service=devices.revoke,
            permission="accounts.change_floordevice",
            bulk_label="Revoke the chosen tablets",
            is_possible=lambda device: device.revoked_at is None,
            description="Sign-in on it stops until a manager registers it again.",
            success_message="%(row)s is revoked.",
            tone="stop",
        ),
    )
