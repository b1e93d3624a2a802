"""Actions that take the password of whoever asks, besides the token."""

from collections.abc import Mapping

from tenants.accounts import passwords
from tenants.web import idempotency
from tenants.web.requests import caller


class ConfirmedMixin:
    """Whoever stole a token lets nobody in with it: with a token, the actions in ``confirmed`` take
    ``current_password`` as well; those in ``always_confirmed`` in a session, too."""

    confirmed = always_confirmed = frozenset()

    def initial(self, request, *args, **kwargs):
        """Before the transaction of the request: a try that is refused stays counted."""
        super().initial(request, *args, **kwargs)
        has_token = request.auth is not None
        if self.action in self.always_confirmed or has_token and self.action in self.confirmed:
            body = request.data if isinstance(request.data, Mapping) else {}
            password = body.get("current_password")
            if not self.stores_answers:
                idempotency.refuse_repeated(request)  # by now the password may be another
            who = {"address": caller(request), "token": request.auth}
            passwords.confirm(request.user, password=password, **who)

    def get_validated_data(self, row=None, *, partial=False):
        values = super().get_validated_data(row, partial=partial)
        values.pop("current_password", None)
        return values
