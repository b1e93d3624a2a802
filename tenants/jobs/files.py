"""The files of jobs: in the database, in blocks, so that none is ever in memory as a whole."""

from tenants.jobs.models import JobFileBlock

BLOCK_BYTES = 262_144


def write(job, blocks, *, is_result):
    """Store a file, given in pieces of any size; returns its bytes."""
    total = 0
    for position, content in enumerate(_of_one_size(blocks)):
        JobFileBlock.objects.create(
            job=job, is_result=is_result, position=position, content=content
        )
        total += len(content)
    return total


def read(job, *, is_result):
    """The file in blocks, each read from the database when it is wanted."""
    blocks = JobFileBlock.objects.filter(job=job, is_result=is_result)
    position = 0
    while block := blocks.filter(position=position).first():
        yield bytes(block.content)
        position += 1


def delete(job):
    JobFileBlock.objects.filter(job=job).delete()


def delete_of(jobs):
    JobFileBlock.objects.filter(job__in=jobs).delete()


def _of_one_size(blocks):
    waiting = bytearray()
    for block in blocks:
        waiting += block
        while len(waiting) >= BLOCK_BYTES:
            yield bytes(waiting[:BLOCK_BYTES])
            del waiting[:BLOCK_BYTES]
    if waiting:
        yield bytes(waiting)
