"""Log records as JSON, one object per line, with the correlation id of the request."""

import json
import logging
from datetime import UTC, datetime

from tenants.operations.operation import correlation_id

STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """Formats a record, with its extras, as a single line of JSON."""

    def format(self, record):
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "correlation_id": correlation_id.get(),
        }
        line |= {key: value for key, value in vars(record).items() if key not in STANDARD}
        line.pop("request", None)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)
