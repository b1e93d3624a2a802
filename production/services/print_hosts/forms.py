"""A multipart form with one file, which is read while it is sent."""

from uuid import uuid4

ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})


class PartedForm:
    """The fields first: who reads them knows what to do with the file."""

    def __init__(self, upload, fields):
        boundary = uuid4().hex
        self.content_type = f"multipart/form-data; boundary={boundary}"
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        filename = upload.filename.translate(ESCAPES)
        parts.append(
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"'
            "\r\nContent-Type: application/octet-stream\r\n\r\n"
        )
        self._upload = upload
        self._head, self._tail = "".join(parts).encode(), f"\r\n--{boundary}--\r\n".encode()

    @property
    def length(self):
        return len(self._head) + self._upload.size + len(self._tail)

    def chunks(self):
        yield self._head
        yield from self._upload.chunks()
        yield self._tail


def post(connection, path, upload, fields):
    """The answer to a form with a file, sent with the key of the print host. Raises NotPassedOn."""
    form = PartedForm(upload, fields)
    headers = {"Content-Type": form.content_type}
    if connection.host.secret:
        headers["X-Api-Key"] = connection.host.secret
    answer = connection.ask("POST", path, headers, chunks=form.chunks(), length=form.length)
    if not 200 <= answer.status < 300:
        raise connection.refused(answer)
    return answer
