"""URLconf of the documentation, below /help/."""

from django.urls import path

from tenants.help import views

urlpatterns = [
    path("", views.help_index, name="help"),
    path("<slug:name>/", views.help_page, name="help-page"),
]
