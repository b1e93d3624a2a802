"""Pictures that nothing names are deleted by the worker, outside of any transaction of ours."""

from datetime import timedelta

from django.utils import timezone

from production.models import Picture
from tenants.jobs import worker
from tests.conftest import go_to
from tests.factories import a_picture


def test_the_worker_deletes_them_each_hour(committed_farm, caplog):
    old, new = a_picture(1), a_picture(2)
    Picture.objects.filter(pk=old.pk).update(named_at=timezone.now() - timedelta(days=2))
    worker.forget_old_of_all()
    go_to(committed_farm)
    assert list(Picture.objects.all()) == [new]
    assert caplog.messages == []
