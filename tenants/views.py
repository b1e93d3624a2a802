"""Views of sign-in and of the front pages of a farm and the public site."""

from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from tenants.accounts import attempts, hashing, known_browsers, sign_ins
from tenants.accounts.models import FarmSettings
from tenants.accounts.services import change_settings, require_other_password
from tenants.farms.practice import is_offered as is_offered_to
from tenants.jobs import practice
from tenants.operations.operation import in_transaction, source
from tenants.operations.refusals import Busy, Refusal, TooMany
from tenants.site import first_steps
from tenants.site.forms import PracticeForm
from tenants.web.failures import log_busy
from tenants.web.problems import headers_of
from tenants.web.requests import caller, url_of

LOOK_SECONDS = 2  # how often a page that waits is loaded again


class SignIn(auth_views.LoginView):
    """Of a farm on its host, of the platform on the public one."""

    template_name = "tenants/sign_in.html"
    redirect_authenticated_user = True

    def dispatch(self, request, *args, **kwargs):
        token = source.set("admin")
        try:
            return super().dispatch(request, *args, **kwargs)
        finally:
            source.reset(token)

    def post(self, request, *args, **kwargs):
        username = request.POST.get("username", "")
        browser = known_browsers.mark_of(request, attempts.canonical_username(username))
        try:
            attempts.count_sign_in(username=username, address=caller(request), browser=browser)
            with hashing.of_known(bool(browser)):
                return super().post(request, *args, **kwargs)
        except (TooMany, Busy) as refusal:
            if isinstance(refusal, TooMany):
                person = sign_ins.named(username)
                sign_ins.refused(person, way="password", outcome=refusal.code)
            form = self.form_class(request, initial={"username": username})
            context = self.get_context_data(form=form, refusal=refusal)
            headers = headers_of(refusal)
            response = self.render_to_response(context, status=refusal.status, headers=headers)
            log_busy(refusal, request, response)
            return response

    def form_valid(self, form):
        username = form.cleaned_data["username"]
        attempts.forgive(username)
        response = super().form_valid(form)
        sign_ins.granted(form.get_user(), way="password")
        known_browsers.remember(response, attempts.canonical_username(username))
        return response


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def home(request):
    """The front page of a farm, with the first steps until they are done. POST hides them."""
    if request.method == "POST":
        if not request.user.has_perm(first_steps.SETTINGS.permission):
            raise PermissionDenied
        change_settings(FarmSettings.load(), by=request.user, first_steps_hidden=True)
        return HttpResponseRedirect(request.path, status=303)
    steps = first_steps.first_steps(request.user)
    context = {"farm": request.tenant, "steps": steps, "done": first_steps.done_of(steps)}
    context |= _practice(request)
    return render(request, "tenants/home.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def practice_farm(request):
    """Where a manager asks for a practice farm, and sees where it is."""
    if not request.user.has_perm(practice.PERMISSION):
        raise PermissionDenied
    form = PracticeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            password = form.cleaned_data["password"]
            require_other_password(request.user, password, address=caller(request))
            in_transaction(lambda: practice.start(by=request.user, password=password))
            return HttpResponseRedirect(request.path, status=303)
        except Refusal as refusal:
            form.add_error(None, refusal.detail)
    context = {"form": form, **_practice(request)}
    response = render(request, "tenants/practice.html", context)
    if context["is_practice_begun"]:
        response["Refresh"] = str(LOOK_SECONDS)
    return response


practice_farm.help_topic = "admin#a-practice-farm"


def _practice(request):
    """How far the practice farm is, for those who may ask for one."""
    is_offered = is_offered_to(request.tenant) and request.user.has_perm(practice.PERMISSION)
    job = practice.latest() if is_offered else None
    is_there = job is not None and practice.is_there(job)
    return {
        "is_practice_offered": is_offered,
        "practice_job": job,
        "is_practice_begun": job is not None and not job.is_finished,
        "practice_url": url_of(request, job.arguments["host"]) if is_there else "",
        "practice_ends_at": practice.ends_at(job) if is_there else None,
    }


home.help_topic = "admin#the-front-page"


@require_safe
def landing(request):
    return render(request, "tenants/landing.html")
