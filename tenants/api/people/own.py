"""Endpoints for one's own account and tokens."""

from django.contrib.auth import authenticate, update_session_auth_hash
from django.db import connection
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.response import Response

from tenants.accounts import attempts, hashing, known_browsers, services, sign_ins
from tenants.accounts.models import DeviceToken, FarmSettings, User
from tenants.api import FULL_SCOPE, OPEN, SIGNED_IN
from tenants.api.access import SignInThrottle
from tenants.api.people.confirmation import ConfirmedMixin
from tenants.api.people.serializers import (
    MeSerializer,
    NewTokenBody,
    NewTokenSerializer,
    OwnPasswordBody,
    TokenSerializer,
)
from tenants.api.views import BaseViewSet, ReadViewSet


class TokenViewSet(ReadViewSet):
    """Tokens of one's own: made with a password, returned once, revoked by DELETE."""

    help_topic = "api#authentication"
    queryset = DeviceToken.objects.all()
    serializer_class = TokenSerializer
    bodies = {"create": NewTokenBody}
    answers = {"create": NewTokenSerializer}
    permissions = {
        "create": OPEN,
        "list": FULL_SCOPE,
        "retrieve": FULL_SCOPE,
        "destroy": FULL_SCOPE,
        "metadata": FULL_SCOPE,
    }
    ordering_fields = ["name", "created_at", "last_used_at"]
    search_fields = ["name"]
    stores_answers = False

    def get_queryset(self):
        return super().get_queryset().filter(user=self.request.user.pk)

    def get_throttles(self):
        own = [SignInThrottle()] if self.action == "create" else []
        return [*super().get_throttles(), *own]

    def initial(self, request, *args, **kwargs):
        """Look at the password before the transaction: the trace of a wrong one stays."""
        super().initial(request, *args, **kwargs)
        if self.action == "create":
            self.values = self.get_validated_data()
            username, password = self.values.pop("username"), self.values.pop("password")
            browser = known_browsers.mark_of(request, attempts.canonical_username(username))
            with hashing.of_known(bool(browser)):
                self.person = authenticate(request, username=username, password=password)
            if self.person is None:
                raise AuthenticationFailed(_("No active person here has this name and password."))
            attempts.forgive(username)

    def create(self, request, *args, **kwargs):
        """Make a token of one's own, with a name and a password: it is shown this once."""
        user, values = self.person, self.values
        token, secret = services.issue_token(user, by=user, **values)
        token.token = secret
        sign_ins.granted(user, way="password")
        headers = {"Location": self._address_of(token)}
        answer = NewTokenSerializer(token).data
        return Response(answer, status=status.HTTP_201_CREATED, headers=headers)

    def destroy(self, request, *args, **kwargs):
        """Revoke a token of one's own."""
        self.call(services.revoke_token, self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


class MeViewSet(ConfirmedMixin, BaseViewSet):
    """Who I am here, and what I may do."""

    help_topic = "api#people-and-settings"
    observed_as = "me.get"
    queryset = User.objects.all()
    serializer_class = MeSerializer
    bodies = {"change_password": OwnPasswordBody}
    answers = {"change_password": {200: MeSerializer}}
    permissions = {"show": SIGNED_IN, "change_password": FULL_SCOPE, "metadata": SIGNED_IN}
    always_confirmed = {"change_password"}
    pagination_class = None

    @property
    def stores_answers(self):
        return self.action != "change_password"  # whose body is secret

    def change_password(self, request):
        """Change one's own password, with the old one: other sessions end, tokens if wished."""
        values = self.get_validated_data()
        changed = services.change_own_password(request.user, **values)
        if request.auth is None:
            update_session_auth_hash(request._request, changed)
        return self.show(request)

    def show(self, request):
        """Who I am here, and what I may do."""
        me, farm, settings = request.user, connection.tenant, FarmSettings.load()
        me.permissions = sorted(me.rights())
        me.farm = {"name": farm.name, "slug": farm.slug}
        me.farm |= {"timezone": settings.timezone, "currency": settings.currency}
        return Response(MeSerializer(me).data)
