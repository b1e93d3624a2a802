"""A worker serves its first request as fast as the next: it has loaded the views before."""

import os
import subprocess
import sys

from tests.serving import ROOT

CODE = """
import sys
import config.wsgi
before = set(sys.modules)
from django.conf import settings
from django.urls import get_resolver
def visit(resolver):
    for pattern in resolver.url_patterns:
        visit(pattern) if hasattr(pattern, "url_patterns") else pattern.callback
names = (settings.ROOT_URLCONF, settings.PUBLIC_SCHEMA_URLCONF, settings.PRINTERS_URLCONF)
for name in names:
    visit(get_resolver(name))
print(sorted(set(sys.modules) - before))
"""


def test_no_view_is_loaded_by_a_request(tmp_path):
    environment = os.environ | {"SPOOLBOOK_DATA": str(tmp_path)}
    run = [sys.executable, "-c", CODE]
    done = subprocess.run(run, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr
