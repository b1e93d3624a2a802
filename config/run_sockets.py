"""Hold the websockets of all farms until Ctrl-C: python -m config.run_sockets"""

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
    from config.sockets import process  # noqa: PLC0415 - models are loaded only now

    asyncio.run(process.run())


if __name__ == "__main__":
    main()
