"""The statements of PUT /spool/{id}/use, and nothing else, as a view of Django: who asks, and
whether they may, is not looked at."""

import json
from decimal import Decimal

from django.http import HttpResponse, JsonResponse
from django.urls import path
from django.utils import timezone

from inventory.services.metering import DeviceUse
from production.spoolman import rows
from tenants.accounts import tokens
from tenants.accounts.models import DeviceToken
from tenants.models import Tenant
from tenants.operations import compiled
from tenants.operations.operation import in_transaction
from tenants.web.middleware import enter

TOKENS, SPOOL = tokens._usable.statement, rows.spool_columns


def use(request, number):
    enter(Tenant.objects.enter_at_host(request.get_host().partition(":")[0]))
    now, secret = timezone.now(), request.headers["Authorization"].partition(" ")[2]
    params = {"hashed": DeviceToken.hash_of(secret), "now": now}
    token = TOKENS.read(compiled.fetch(TOKENS.text, params)[0])
    amount = Decimal(json.loads(request.body)["use_length"])
    agent = request.headers.get("User-Agent", "")
    report = DeviceUse(number, token.user, token, amount, True, "", now, None, SPOOL, agent, now)
    found = report.count() or in_transaction(report.take_steps)
    return JsonResponse({"id": found[0]})


urlpatterns = [
    path("readyz", lambda request: HttpResponse()),
    path("api/v1/spool/<int:number>/use", use),
]
