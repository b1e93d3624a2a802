from django.contrib.auth import get_user_model
from django.contrib.auth.backends import BaseBackend

from tenants.accounts import sign_ins


class RoleBackend(BaseBackend):
    """Signs people in by password; what they may is in ``User.rights``, without a query. Refusals
    leave a trace, so this is not to be called in a transaction."""

    def authenticate(self, request, username=None, password=None):
        User = get_user_model()
        if not username or password is None:
            return None
        user = User.objects.filter(username=username.lower()).first()
        if user is None:
            User().set_password(password)  # takes the time a wrong password takes
            sign_ins.refused(None, way="password", outcome="unknown_name")
            return None
        if user.check_password(password) and user.is_active:
            return user
        outcome = "wrong_password" if user.is_active else "user_inactive"
        sign_ins.refused(user, way="password", outcome=outcome)
        return None

    def get_user(self, user_id):
        return get_user_model().objects.active().filter(pk=user_id).first()


class PinBackend(RoleBackend):
    """Of a session that was begun with a PIN, on a shared tablet: an operator's rights at most."""

    def authenticate(self, request, **credentials):
        return None

    def get_user(self, user_id):
        user = super().get_user(user_id)
        if user is not None:
            user.is_on_floor = True
        return user
