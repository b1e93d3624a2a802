from django.contrib.auth import get_user_model
from django.contrib.auth.backends import BaseBackend

from tenants.accounts import roles


class RoleBackend(BaseBackend):
    """Signs people in by password, and answers what they may from their role without a query."""

    def authenticate(self, request, username=None, password=None):
        User = get_user_model()
        if not username or password is None:
            return None
        user = User.objects.filter(username=username.lower()).first()
        if user is None:
            User().set_password(password)  # takes the time a wrong password takes
            return None
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id):
        return get_user_model().objects.active().filter(pk=user_id).first()

    def has_perm(self, user_obj, perm, obj=None):
        return user_obj.is_active and perm in roles.permissions(user_obj.role)

    def has_module_perms(self, user_obj, app_label):
        return user_obj.is_active and app_label in roles.apps(user_obj.role)

    def get_all_permissions(self, user_obj, obj=None):
        return set(roles.permissions(user_obj.role)) if user_obj.is_active else set()
