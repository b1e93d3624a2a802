from django.contrib.auth import get_user_model
from django.contrib.auth.backends import BaseBackend


class RoleBackend(BaseBackend):
    """Signs people in by password; what they may is in ``User.rights``, without a query."""

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


class PinBackend(RoleBackend):
    """Of a session that was begun with a PIN, on a shared tablet: an operator's rights at most."""

    def authenticate(self, request, **credentials):
        return None

    def get_user(self, user_id):
        user = super().get_user(user_id)
        if user is not None:
            user.is_on_floor = True
        return user
