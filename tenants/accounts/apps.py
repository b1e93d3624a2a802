from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The people of one farm; in the public schema, the platform's own administrators."""

    name = "tenants.accounts"
    label = "accounts"
