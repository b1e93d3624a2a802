from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "tenants.jobs"

    def ready(self):
        from tenants.jobs import exports, kinds  # noqa: PLC0415 - models are loaded only now

        kinds.register(exports.EXPORT, exports.export, exports.LABEL)
