from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "tenants.jobs"

    def ready(self):
        from tenants.jobs import backups, exports, kinds  # noqa: PLC0415 - models are loaded now

        kinds.register(exports.EXPORT, exports.export, exports.LABEL)
        kinds.register(backups.BACKUP, backups.back_up, backups.LABELS[backups.BACKUP])
        kinds.register(backups.RESTORE, backups.restore, backups.LABELS[backups.RESTORE])
