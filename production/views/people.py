"""Shared tablets: a manager registers one, then people sign in with their PIN."""

from django.contrib import auth
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from production.forms.people import DeviceForm, NewPinForm, WhoForm
from production.views.floor import FloorView, VerbView, person
from tenants.accounts import devices, floor_sessions, pins, sign_ins
from tenants.operations.refusals import Refusal


class WhoView(FloorView):
    """Sign in with a PIN; a form that was being sent can then be sent again."""

    help_topic = "floor#shared-tablets"
    template_name = "production/floor/who.html"
    permission_required = None
    is_public = True

    def get(self, request):
        return self._render_form(WhoForm(initial={"next": request.GET.get("next", "")}))

    def post(self, request):
        device, form = floor_sessions.device_of(request), WhoForm(request.POST)
        if device is None:
            return redirect_to_login(reverse("floor-today"))
        if not form.is_valid():
            return self._render_form(form, status=400)
        person = form.cleaned_data["person"]
        try:
            pins.check(person, pin=form.cleaned_data["pin"], device=device)
        except Refusal as refusal:
            form.add_error("pin", refusal.detail)
            return self._render_form(form, status=refusal.status)
        floor_sessions.begin(request, person, device)
        sign_ins.granted(person, way="pin")
        return self._success_response(form)

    def _render_form(self, form, status=200):
        device = floor_sessions.device_of(self.request)
        if device is None:
            return redirect_to_login(reverse("floor-today"))
        context = {"form": form, "device": device}
        return render(self.request, self.template_name, context, status=status)

    def _success_response(self, form):
        address, pending = _on_the_floor(form.cleaned_data["next"]), form.cleaned_data["pending"]
        if not pending:
            return HttpResponseRedirect(address, status=303)
        fields = [(name, value) for name, values in QueryDict(pending).lists() for value in values]
        context = {"address": address, "fields": fields, "person": person(self.request)}
        return render(self.request, "production/floor/resend.html", context)


class LeaveView(FloorView):
    """Sign out, for the next person."""

    permission_required = None

    def get(self, request):
        return HttpResponseRedirect(reverse("floor-today"))

    def post(self, request):
        auth.logout(request)
        is_shared = floor_sessions.device_of(request) is not None
        return HttpResponseRedirect(reverse("floor-who" if is_shared else "login"), status=303)


class DeviceView(VerbView):
    """A manager signs the tablet in as a device, and is signed out."""

    help_topic = "floor#shared-tablets"
    template_name = "production/floor/device.html"
    permission_required = verb_permission = "accounts.add_floordevice"
    has_secrets = True
    form_class = DeviceForm

    def get_context_data(self):
        return {"device": floor_sessions.device_of(self.request)}

    def perform(self, form):
        _device, self.secret = devices.register(by=form.by, **form.service_kwargs())
        return ""

    def get_success_url(self):
        return reverse("floor-who")

    def _success_response(self, answer):
        auth.logout(self.request)
        response = super()._success_response(answer)
        floor_sessions.keep_device(response, self.secret)
        return response


class PinView(VerbView):
    """A PIN of one's own."""

    help_topic = "floor#shared-tablets"
    template_name = "production/floor/pin.html"
    permission_required = verb_permission = None
    has_secrets = True
    form_class = NewPinForm

    def get_form(self, data=None):
        return super().get_form(data, needs_current=self.request.user.is_on_floor)

    def perform(self, form):
        user = self.request.user
        if user.is_on_floor:
            device = floor_sessions.device_of(self.request)
            try:
                pins.check(user, pin=form.cleaned_data["current"], device=device)
            except Refusal as refusal:
                raise type(refusal)(refusal.detail, errors={"current": [_("Try again.")]}) from None
        changed = pins.set_pin(user, pin=form.cleaned_data["pin"], by=user)
        if user.is_on_floor:
            floor_sessions.begin(self.request, changed, device)
        return _("You have a PIN now: it works on the tablets of this farm.")

    def get_success_url(self):
        return reverse("floor-today")


def _on_the_floor(address):
    """The address to go on at, if it is one of ours."""
    is_ours = address.startswith("/") and url_has_allowed_host_and_scheme(address, None)
    is_ours = is_ours and floor_sessions.PATHS.match(address)
    return address if is_ours else reverse("floor-today")
