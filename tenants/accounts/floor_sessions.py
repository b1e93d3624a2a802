"""Sessions on a shared tablet: begun with a PIN, on the floor's pages only, ended when idle.

They are recognized by the backend they were begun with, and are anonymous elsewhere.
"""

import re
import time

from django.conf import settings
from django.contrib import auth
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists
from django.utils.crypto import constant_time_compare, salted_hmac

from tenants.accounts import devices
from tenants.accounts.known_browsers import set_cookie
from tenants.accounts.models import DeviceToken, FarmSettings, FloorDevice

BACKEND = "tenants.accounts.backend.PinBackend"
COOKIE = f"{settings.COOKIE_PREFIX}spoolbook-device"
STATE_KEY = "floor"
SEEN_STEP = 15  # seconds; a session is written at most so often
PATHS = re.compile(settings.PIN_SESSION_PATHS)
UNSEEN = "Floor-Unseen"  # sent by a page that reloads itself, without anybody's input


class FloorSessionMiddleware:
    """Ends PIN sessions that are idle, whose device was revoked or whose PIN was changed."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if is_pin_session(request):
            user = _person(request)
            if user is None:
                auth.logout(request)
            request.user = user if user and PATHS.match(request.path_info) else AnonymousUser()
        return self.get_response(request)


def begin(request, user, device):
    auth.login(request, user, backend=BACKEND)
    idle = FarmSettings.load().floor_idle_minutes * 60
    stored = {"device": device.pk, "idle": idle, "seen": time.time(), "pin": _mark(user)}
    request.session[STATE_KEY] = stored


def is_pin_session(request):
    has_session = settings.SESSION_COOKIE_NAME in request.COOKIES
    return has_session and request.session.get(auth.BACKEND_SESSION_KEY) == BACKEND


def device_of(request):
    """The registered device of the request, or None."""
    return devices.by_secret(request.COOKIES.get(COOKIE))


def keep_device(response, secret):
    set_cookie(response, COOKIE, secret)


def _person(request):
    """Whose PIN session it is, with their rights; None when it is over. One query."""
    stored, now = request.session.get(STATE_KEY, {}), time.time()
    if not stored or now - stored["seen"] > stored["idle"]:
        return None
    hashed = DeviceToken.hash_of(request.COOKIES.get(COOKIE, ""))
    usable = FloorDevice.objects.usable().filter(pk=stored["device"], hash=hashed)
    people = get_user_model().objects.active().filter(Exists(usable))
    user = people.filter(pk=request.session[auth.SESSION_KEY]).first()
    if user is None or not constant_time_compare(stored["pin"], _mark(user)):
        return None
    if UNSEEN not in request.headers and now - stored["seen"] > SEEN_STEP:
        request.session[STATE_KEY] = {**stored, "seen": now}
    user.is_on_floor = True
    return user


def _mark(user):
    """Changes with the PIN, and with all that ends other sessions."""
    secrets = f"{user.pin_hash} {user.get_session_auth_hash()}"
    return salted_hmac("spoolbook.pin-session", secrets, algorithm="sha256").hexdigest()
