from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "tenants.jobs"

    def ready(self):
        from tenants.jobs import backups, exports, kinds, practice  # noqa: PLC0415 - models are loaded now

        kinds.register(exports.EXPORT, exports.export, exports.LABEL)
        kinds.register(practice.KIND, practice.make, practice.LABEL, is_of_managers=True)
        works = {backups.BACKUP: backups.back_up, backups.RESTORE: backups.restore}
        for kind, work in works.items():
            kinds.register(kind, work, backups.LABELS[kind], is_of_managers=True)
