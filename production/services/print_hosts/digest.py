"""HTTP digest access authentication (RFC 7616) with MD5 or SHA-256, as PrusaLink asks for it."""

import hashlib
import secrets
from urllib.request import parse_http_list, parse_keqv_list

ALGORITHMS = {"MD5": "md5", "SHA-256": "sha256"}


class Digest:
    """Answers challenges with the user and the password of a print host."""

    def __init__(self, host):
        self._username, self._password = host.username, host.secret
        self._challenge, self._count = None, 0

    def take(self, headers):
        """Keep the challenge of an answer; False where there is none that can be answered."""
        self._challenge = None
        for header in headers.get_all("WWW-Authenticate") or ():
            scheme, _space, rest = header.partition(" ")
            if scheme.lower() == "digest":
                found = parse_keqv_list([each for each in parse_http_list(rest) if "=" in each])
                if self._is_known(found):
                    self._challenge, self._count = found, 0
        return self._challenge is not None

    def headers(self, method, path):
        """``Authorization`` of a request, once there was a challenge."""
        if self._challenge is None:
            return {}
        self._count += 1
        given = self._challenge
        fields = {"username": self._username, "realm": given["realm"], "nonce": given["nonce"]}
        fields |= {"uri": path} | ({"opaque": given["opaque"]} if "opaque" in given else {})
        bare = {"algorithm": given["algorithm"]} if "algorithm" in given else {}
        middle = given["nonce"]
        if "qop" in given:
            bare |= {"qop": "auth", "nc": f"{self._count:08x}"}
            fields["cnonce"] = secrets.token_hex(8)
            middle = f"{middle}:{bare['nc']}:{fields['cnonce']}:auth"
        who = self._hash(f"{self._username}:{given['realm']}:{self._password}")
        what = self._hash(f"{method}:{path}")
        fields["response"] = self._hash(f"{who}:{middle}:{what}")
        parts = [f'{name}="{_quoted(value)}"' for name, value in fields.items()]
        parts += [f"{name}={value}" for name, value in bare.items()]
        return {"Authorization": f"Digest {', '.join(parts)}"}

    @staticmethod
    def _is_known(given):
        is_whole = all(given.get(name) for name in ("realm", "nonce"))
        qop = [each.strip() for each in given.get("qop", "auth").split(",")]
        return is_whole and "auth" in qop and given.get("algorithm", "MD5").upper() in ALGORITHMS

    def _hash(self, text):
        name = ALGORITHMS[self._challenge.get("algorithm", "MD5").upper()]
        return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()


def _quoted(value):
    return value.replace("\\", "\\\\").replace('"', '\\"')
