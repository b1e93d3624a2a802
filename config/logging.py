"""Log records as JSON, one object per line, with what is known of the request."""

import json
import logging
from datetime import UTC, datetime

from django.utils.functional import SimpleLazyObject

from tenants.operations.operation import client_address, correlation_id
from tenants.web.printer_addresses import without_tokens

STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """Formats a record, with its extras, as a single line of JSON without the secret of a token."""

    def format(self, record):
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "correlation_id": correlation_id.get(),
        }
        if address := client_address.get():
            line["address"] = address
        line |= {key: value for key, value in vars(record).items() if key not in STANDARD}
        if hasattr(request := line.pop("request", None), "META"):
            line |= _caller(request)
        if record.exc_info and line.get("status_code", 500) >= 500:  # a refusal has no traceback
            line["exception"] = self.formatException(record.exc_info)
        return without_tokens(json.dumps(line, default=str, ensure_ascii=False))


def _caller(request):
    """Farm and person of a request, as far as they were found by then."""
    user = vars(request).get("user")
    if isinstance(user, SimpleLazyObject):
        user = vars(request).get("_cached_user")  # not looked up for the log
    farm = getattr(request, "tenant", None)
    return {
        "tenant_id": farm.schema_name if farm else None,
        "user_id": getattr(user, "pk", None),
        "username": getattr(user, "username", "") or "unknown",
    }
