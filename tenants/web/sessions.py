"""Sessions, which are saved after the view: its effect is committed by then. The module is the
``SESSION_ENGINE`` too."""

import logging

from django.contrib.sessions import middleware
from django.contrib.sessions.backends import db
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import DatabaseError, InterfaceError

from tenants.live.announcing import announce
from tenants.live.notes import ACCESS

logger = logging.getLogger(__name__)


class SessionStore(db.SessionStore):
    """Django's; what is open for a session is closed when that ends, as by signing out."""

    def delete(self, session_key=None):
        super().delete(session_key)
        if session_key or self.session_key:
            announce(ACCESS)


class SessionMiddleware(middleware.SessionMiddleware):
    """Django's; a session that can't be saved loses its messages, and is no reason to answer what
    was done with an error."""

    def process_response(self, request, response):
        try:
            return super().process_response(request, response)
        except (DatabaseError, InterfaceError, SessionInterrupted) as error:
            logger.warning("The session was not saved: %s", " ".join(str(error).split()))
            return response
