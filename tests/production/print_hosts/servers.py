"""Servers that play print hosts, on loopback: what they got, and what they are told to answer."""

import hashlib
import json
import re
from contextlib import contextmanager
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from urllib.parse import unquote

KEY, USER, PASSWORD = "k-5f2e", "maker", "pass-of-prusa"


class PlayedHost(BaseHTTPRequestHandler):
    """Keeps what it gets in ``server.got``: ``(method, path, headers, fields, content)``.

    ``server.answer`` is ``(status, body)`` instead of its own; ``server.stops_after`` bytes of a
    body it hangs up, ``server.refuses_early`` it answers before it has read any.
    """

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def body(self):
        length = int(self.headers.get("Content-Length", 0))
        if self.server.stops_after is not None:
            self.rfile.read(min(length, self.server.stops_after))
            self.close_connection = True
            self.connection.close()
            return None
        return self.rfile.read(length)

    def keep(self, fields, content):
        self.server.got.append((self.command, self.path, self.headers, fields, content))
        if self.server.is_slow:
            self.server.goes_on.wait(5)

    def say(self, status, body, **headers):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        if not isinstance(body, bytes):
            self.send_header("Content-Type", "application/json")
        elif body.startswith(b"<html"):
            self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self):
        if self.server.refuses_early:
            self.close_connection = True
            return self.say(*self.server.answer, Connection="close")
        content = self.body()
        if content is None:
            return None
        fields, file = read_form(self.headers["Content-Type"], content)
        self.keep(fields, file)
        if self.server.key and self.headers["X-Api-Key"] != self.server.key:
            return self.say(401, {"error": f"{self.headers['X-Api-Key']} is wrong"})
        if self.server.answer:
            return self.say(*self.server.answer, Location="/elsewhere")
        return self.taken(fields)


class PlayedMoonraker(PlayedHost):
    def taken(self, fields):
        path = "/".join(filter(None, (fields.get("path"), fields["file"])))
        item = {"path": path, "root": fields["root"], "size": 3, "permissions": "rw"}
        prints = fields["print"] == "true"
        rest = {"print_started": prints, "print_queued": False, "action": "create_file"}
        self.say(201, {"item": item} | rest)


class PlayedOctoPrint(PlayedHost):
    def taken(self, fields):
        name = fields["file"]
        path = "/".join(filter(None, (fields.get("path"), name)))
        local = {"name": name, "path": path, "origin": "local", "refs": {}}
        prints = fields["print"] == "true"
        rest = {"done": True, "effectiveSelect": prints, "effectivePrint": prints}
        self.say(201, {"files": {"local": local}} | rest)


class PlayedPrusaLink(PlayedHost):
    """With a key, or with digest where the server has no key; a nonce is good for ``uses``."""

    storages = [
        {"name": "SD", "path": "/sdcard", "read_only": True, "available": True},
        {"name": "USB", "path": "/usb", "read_only": False, "available": True, "free_space": 9},
    ]

    def is_known(self):
        if self.server.key:
            return self.headers["X-Api-Key"] == self.server.key
        given = dict(re.findall(r'(\w+)="?([^",]*)"?', self.headers.get("Authorization", "")))
        if given.get("nonce") != self.server.nonce or self.server.uses == 0:
            return False
        self.server.uses -= 1
        who = md5(f"{USER}:Printer API:{PASSWORD}")
        what = md5(f"{self.command}:{self.path}")
        middle = self.server.nonce
        if self.server.qop:
            middle = f"{middle}:{given['nc']}:{given['cnonce']}:auth"
        return given["response"] == md5(f"{who}:{middle}:{what}")

    def challenge(self):
        self.server.challenges += 1
        self.server.nonce, self.server.uses = f"n{self.server.challenges}", self.server.max_uses
        line = f'Digest realm="Printer API", nonce="{self.server.nonce}"'
        line += ', qop="auth", algorithm=MD5' if self.server.qop else ', stale="false"'
        self.say(401, b"Unauthorized", WWW_Authenticate=line)

    def do_GET(self):
        self.keep({}, b"")
        if not self.is_known():
            return self.challenge()
        if self.server.storages is None:
            return self.say(404, b"Not Found")
        return self.say(200, {"storage_list": self.server.storages})

    def do_PUT(self):
        content = self.body()
        if content is None:
            return None
        self.keep({}, content)
        if not self.is_known():
            return self.challenge()
        if self.server.answer:
            return self.say(*self.server.answer)
        return self.say(201, {"name": unquote(self.path).rpartition("/")[2]})


@contextmanager
def playing(handler, *, key=KEY):
    """A server, at ``url``; ``goes_on.set()`` ends the wait of a slow one."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads, server.got, server.key = True, [], key
        server.answer, server.stops_after, server.refuses_early = None, None, False
        server.is_slow, server.goes_on = False, Event()
        server.nonce, server.challenges, server.uses, server.max_uses = "", 0, 0, 100
        server.qop, server.storages = True, PlayedPrusaLink.storages
        server.url = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield server
        finally:
            server.goes_on.set()
            server.shutdown()


def read_form(content_type, content):
    """``({name: text, "file": filename}, content of the file)``"""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    fields, file = {}, None
    for part in BytesParser(policy=HTTP).parsebytes(head + content).iter_parts():
        name = part.get_param("name", header="content-disposition")
        if part.get_filename() is not None:
            fields[name], file = part.get_filename(), part.get_payload(decode=True)
        else:
            fields[name] = part.get_content().strip()
    return fields, file


def md5(text):
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
