"""Do the jobs of all farms until Ctrl-C: python -m config.run_jobs"""

import asyncio
import os

import django

from config import telemetry
from config.supervisor import end_with_supervisor


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    end_with_supervisor()
    telemetry.configure()
    django.setup()
    from tenants.jobs import worker  # noqa: PLC0415 - models are loaded only now

    asyncio.run(worker.run())


if __name__ == "__main__":
    main()
