"""Settings of the project that record the statements of its requests, or, where REPLAY is set, send
them again by a bare view: see `benchmarks.replayed_statements`."""

import os

from config.settings import *  # noqa: F403
from config.settings import MIDDLEWARE

SILENCED_SYSTEM_CHECKS = ["admin.E408", "admin.E409", "admin.E410"]
if os.environ.get("REPLAY"):
    MIDDLEWARE, ROOT_URLCONF = [], "benchmarks.replayed_statements"
else:
    entered = MIDDLEWARE.index("tenants.web.middleware.TenantMiddleware") + 1
    MIDDLEWARE.insert(entered, "benchmarks.replayed_statements.RecordStatements")
