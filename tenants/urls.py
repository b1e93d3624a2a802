"""URLconf of signing in and out, for a farm's site and the public one."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from tenants.views import SignIn

urlpatterns = [
    path("login/", SignIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
]
