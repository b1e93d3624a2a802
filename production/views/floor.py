"""Base classes of the floor's pages.

``permission_required`` is for the page, ``verb_permission`` for its verb. Each form has an
idempotency key: sent twice, it has one effect and gets the first answer again. A refused form is
rendered again with the values and the errors.

The page's script may send a form long after it was filled in, and gets JSON: the message and the
next page, or the refusal. Headers identify the person who filled it in, who alone may send it, and
how long it waited, as it is refused if others changed the same meanwhile.
"""

import re
import secrets
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views import View

from production.forms.people import WhoForm
from production.forms.spools import ButtonForm
from production.services.undo import last_action
from tenants.accounts import floor_sessions
from tenants.operations.operation import in_transaction, source
from tenants.operations.refusals import Refusal
from tenants.web import files, idempotency
from tenants.web.locale_formats import writing_as
from tenants.web.middleware import OF_THE_FLOOR
from tenants.web.requests import wants_json

KEY = "idempotency_key"
PERSON = "Floor-Person"
WAITED = "Floor-Waited"  # seconds since it was submitted, by the clock of the device
SECONDS = re.compile(r"[0-9]{1,7}")
IS_ID = re.compile(r"[0-9]{1,18}")
AT_ONCE = timedelta(seconds=30)


class FormRefused(Exception):
    """A form that was refused."""

    def __init__(self, form, status):
        super().__init__(status)
        self.form, self.status = form, status


class FloorView(View):
    """A page without a form."""

    help_topic = "floor"
    template_name = ""
    permission_required = "production.view_productionrun"  # None: any signed-in user
    verb_permission = ""
    is_public = False  # without a sign-in
    has_secrets = False  # if so, nothing is stored, and wrong PINs are counted despite a refusal

    def dispatch(self, request, *args, **kwargs):
        if request.headers.get(PERSON, person(request)) != person(request):
            return _refused(401, _("Sign in again."), "not_signed_in")
        with _floor_request(request):
            if request.user.is_authenticated or self.is_public:
                response = self._answer(request, *args, **kwargs)
            else:
                response = self._require_sign_in()
        patch_cache_control(response, private=True, no_cache=True)
        response[PERSON] = person(request)
        response["Content-Security-Policy"] = OF_THE_FLOOR
        return response

    def get(self, request, **kwargs):
        return self.render_page()

    def get_context_data(self):
        """More context for the template."""
        return {}

    def render_page(self, *, status=200, **more):
        context = {
            "key": secrets.token_urlsafe(12),
            "undoable": last_action.find(by=self.request.user),
            "person": person(self.request),
            **self.get_context_data(),
            **more,
        }
        return render(self.request, self.template_name, context, status=status)

    def require_permission(self, permission):
        if permission is not None and not self.request.user.has_perm(permission):
            raise PermissionDenied

    def _require_sign_in(self):
        """On a shared tablet the names; a form that was being sent is stored until sign-in."""
        request, path = self.request, self.request.get_full_path()
        device = floor_sessions.device_of(request)
        if device is None:
            return redirect_to_login(path)
        if request.method != "POST":
            return HttpResponseRedirect(f"{reverse('floor-who')}?{urlencode({'next': path})}")
        fields = request.POST.copy()
        fields.pop("csrfmiddlewaretoken", None)
        pending = "" if self.has_secrets else fields.urlencode()
        context = {"form": WhoForm(initial={"next": path, "pending": pending}), "device": device}
        return render(request, "production/floor/who.html", context, status=403)

    def _answer(self, request, *args, **kwargs):
        try:
            self.require_permission(self.permission_required)
            return super().dispatch(request, *args, **kwargs)
        except (Http404, ObjectDoesNotExist) as missing:  # or removed a moment ago
            return self._error_page("missing", 404, _missing_detail(missing))
        except PermissionDenied:
            return self._error_page("forbidden", 403)

    def _error_page(self, name, status, detail=""):
        if wants_json(self.request):
            return _refused(status, detail or _("Your role may not do this."), name)
        context = {"detail": detail, "person": person(self.request)}
        return render(self.request, f"production/floor/{name}.html", context, status=status)


class VerbView(FloorView):
    """A page with a form for one verb.

    ``form_class`` is a VerbForm about the ``subject``; ``perform`` calls the verb and returns the
    message for the user, ``get_success_url`` returns the URL of the next page.
    """

    form_class = ButtonForm
    subject = None
    takes_photo = False  # see ``photos.WithPhoto``

    def get_form(self, data=None, **kwargs):
        by = self.request.user
        return self.form_class(data, subject=self.subject, by=by, touch=True, **kwargs)

    def perform(self, form):
        raise NotImplementedError

    def get_success_url(self):
        raise NotImplementedError

    def require_unchanged(self, form, since):
        """Refuse if somebody else changed the subject after ``since``."""

    @property
    def waited(self):
        """How long the form waited for the network."""
        given = self.request.headers.get(WAITED, ""), self.request.POST.get("waited", "")
        return timedelta(seconds=sum(int(each) for each in given if SECONDS.fullmatch(each)))

    @cached_property
    def submitted_at(self):
        """When a form that waited for the network was submitted; None if it did not wait."""
        return timezone.now() - self.waited if self.waited > AT_ONCE else None

    def get(self, request, **kwargs):
        self.require_permission(self.verb_permission)
        return self.render_page(form=self.get_form())

    def post(self, request, **kwargs):
        self.require_permission(self.verb_permission)
        # The body of a form in parts can't be read again, unless what was in it is known.
        if files.is_a_form(request) and not self.takes_photo:
            return HttpResponse(status=415)
        try:
            return self._success_response(self._perform_once())
        except FormRefused as refused:
            return self._refused_response(refused.form, refused.status)
        except Refusal as refusal:  # of the key
            form = self.get_form(request.POST)
            form.add_refusal(_of_a_page(refusal))
            return self._refused_response(form, refusal.status)

    def _perform_once(self):
        if self.has_secrets:
            return self._process_form()
        key = self.request.POST.get(KEY)
        if not key:
            return in_transaction(self._process_form)
        return idempotency.answer_once(self.request, key, self._process_form)

    def _process_form(self):
        """The answer to store: the message, and the next page."""
        form = self.get_form(self.request.POST)
        if not form.is_valid():
            raise FormRefused(form, 400)
        try:
            if self.submitted_at is not None:
                self.require_unchanged(form, self.submitted_at)
            message = self.perform(form)
        except Refusal as refusal:
            form.add_refusal(refusal)
            raise FormRefused(form, refusal.status) from refusal
        return HttpResponse(message, headers={"Location": self.get_success_url()})

    def _success_response(self, answer):
        message = answer.content.decode()
        if wants_json(self.request):
            return JsonResponse({"message": message, "location": answer["Location"]})
        if message:
            messages.success(self.request, message)
        return HttpResponseRedirect(answer["Location"], status=303)

    def _refused_response(self, form, status):
        if not wants_json(self.request):
            return self.render_page(form=form, status=status)
        texts = form.non_field_errors() or [text for each in form.errors.values() for text in each]
        return _refused(status, " ".join(texts), form.refusal.code if form.refusal else "")


class ButtonView(VerbView):
    """A verb behind a button of another page, which shows a refusal."""

    def get(self, request, **kwargs):
        return HttpResponseRedirect(self.get_success_url())

    def render_page(self, *, form, status=200, **more):
        for text in form.non_field_errors() or [_("This can't be done.")]:
            messages.error(self.request, text)
        return HttpResponseRedirect(self.get_success_url(), status=303)


def _missing_detail(missing):
    """Why a page is missing; Django's message for a missing row names the model."""
    is_row = isinstance(missing, ObjectDoesNotExist)
    is_row |= isinstance(missing.__context__, ObjectDoesNotExist)
    return _("It was removed, or belongs to another farm.") if is_row else str(missing)


def _of_a_page(refusal):
    """The refusal of a form that was sent before, by going back to its page."""
    if isinstance(refusal, idempotency.IdempotencyKeyReused):
        return type(refusal)(_("This form was sent before, and done. To do it again, press again."))
    return refusal


def person(request):
    """Identifies the farm and the user; "" if not signed in."""
    if not request.user.is_authenticated:
        return ""
    return f"{request.tenant.slug}.{request.user.pk}"


def _refused(status, detail, code=""):
    return JsonResponse({"detail": detail, "code": code}, status=status)


@contextmanager
def _floor_request(request):
    """Records the floor as the source; figures are in the farm's locale."""
    token = source.set("floor")
    try:
        with writing_as(request.farm_locale):
            yield
    finally:
        source.reset(token)
