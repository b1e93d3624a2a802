"""Requests to the program as it is served."""

import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

V1 = "/api/v1/"


def signed(token):
    return {"Authorization": f"Token {token}"}


def get_anew(server, farm, path, headers, times=20):
    """The answers to so many requests, each over a connection of its own: both processes answer."""

    def one(_):
        with server.client(farm) as client:
            return client.get(path, headers=headers)

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(one, range(times)))


def raw(server, farm, head, body=b""):
    """What a socket says to a request as it stands, its body perhaps not sent."""
    place = urlsplit(server.url)
    with socket.create_connection((place.hostname, place.port), timeout=60) as sock:
        host = f"Host: {farm.slug}.localhost"
        sock.sendall(f"{head}\r\n{host}\r\nConnection: close\r\n\r\n".encode() + body)
        sock.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: sock.recv(65536), b""))
