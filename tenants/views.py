"""The few pages that are no app's: sign-in, a farm's front page, the platform's."""

from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required
from django.shortcuts import render


class SignIn(auth_views.LoginView):
    """Of a farm on its host, of the platform on the public one."""

    template_name = "tenants/sign_in.html"
    redirect_authenticated_user = True


@login_required
def home(request):
    return render(request, "tenants/home.html", {"farm": request.tenant})


def landing(request):
    return render(request, "tenants/landing.html")
