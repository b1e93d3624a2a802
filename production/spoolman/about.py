"""The version of the server, its health, and backups, which are not started here."""

from production.spoolman.answers import as_json

VERSION = "0.26.1"  # of Spoolman, whose language this is: clients look for it
NO_BACKUP = (
    "Spoolbook backs farms up by itself, and on the server with manage.py backup_farm: there is "
    "nothing to start here."
)


def show(_call):
    return {
        "version": VERSION,
        "debug_mode": False,
        "automatic_backups": True,
        "data_dir": "",
        "logs_dir": "",
        "backups_dir": "",
        "db_type": "postgres",
        "external_db_name": "SpoolmanDB",
        "git_commit": None,
        "build_date": None,
    }


def health(_call):
    return {"status": "healthy"}


def back_up(call):
    return as_json({"message": NO_BACKUP}, call.request, status=501)
