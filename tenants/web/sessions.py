"""Sessions, which are saved after the view: its effect is committed by then."""

import logging

from django.contrib.sessions import middleware
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import DatabaseError, InterfaceError

logger = logging.getLogger(__name__)


class SessionMiddleware(middleware.SessionMiddleware):
    """Django's; a session that can't be saved loses its messages, and is no reason to answer what
    was done with an error."""

    def process_response(self, request, response):
        try:
            return super().process_response(request, response)
        except (DatabaseError, InterfaceError, SessionInterrupted) as error:
            logger.warning("The session was not saved: %s", " ".join(str(error).split()))
            return response
