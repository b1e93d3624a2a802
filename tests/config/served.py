"""Requests to the program as it is served."""

import socket
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlsplit

import requests

V1 = "/api/v1/"


def signed(token):
    return {"Authorization": f"Token {token}"}


def open_session():
    """One connection for all requests, without cookies and the proxies of the environment."""
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


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


def answer_to_head(server, farm, path, more, length=5_000_000):
    """What is answered to a head whose body is not sent."""
    place = urlsplit(server.url)
    head = f"POST {path} HTTP/1.1\r\nHost: {farm.slug}.localhost\r\n{more}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    with socket.create_connection((place.hostname, place.port), timeout=10) as sock:
        sock.sendall(head.encode())
        answer = sock.recv(65536)
        if not answer.startswith(b"HTTP/1.1 100 "):  # after which the server waits
            answer += b"".join(iter(lambda: sock.recv(65536), b""))
        return answer.decode()
