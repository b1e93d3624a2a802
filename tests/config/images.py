"""The Dockerfile and compose.yaml, read as Docker reads them, and carried out without it."""

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from string import Template

import yaml

from tests.serving import ROOT

FOLDERS = re.compile(r"(?<![\w./])/(app|data|sockets)\b")  # of the image
VALUE = re.compile(r"\$\$|\$\{(\w+)(?:(:[-?])([^}]*))?\}")


def instructions(text):
    """``(name, rest)`` of each instruction of a Dockerfile."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [tuple(line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]


class Image:
    """A folder in place of the image's root; RUN, COPY and the rest are done in there.

    ``environment`` is that of the machine, whose Python stands for FROM; ``arguments`` replace the
    defaults of ARG.
    """

    def __init__(self, root, environment, **arguments):
        self.root, self.environment, self.arguments = root, environment, arguments
        self.folder, self.user, self.command, self.base = root, None, None, None
        self.unwanted = ["__pycache__", ".*"]

    def build(self, *, without=()):
        """All instructions of the Dockerfile, but not a RUN with any of these words; where modules
        are not compiled, they are copied as they are compiled here."""
        if "compileall" in without:
            self.unwanted.remove("__pycache__")
        for name, rest in instructions((ROOT / "Dockerfile").read_text()):
            if name == "RUN" and any(word in rest for word in without):
                continue
            getattr(self, f"_{name.lower()}")(rest)
        return self

    def run(self, command, environment=(), **options):
        """A process of an image that was built."""
        found = [self.within(word) for word in command]
        env = self.environment | {k: self.within(v) for k, v in dict(environment).items()}
        return subprocess.Popen(found, cwd=self.folder, env=env, **options)

    def within(self, text):
        return FOLDERS.sub(lambda found: f"{self.root}{found.group()}", text)

    def _from(self, rest):
        self.base = rest

    def _arg(self, rest):
        name, _is, default = rest.partition("=")
        self.arguments.setdefault(name, default)

    def _env(self, rest):
        for word in shlex.split(self._filled(rest)):
            name, _is, value = word.partition("=")
            self.environment[name] = self.within(value)

    def _workdir(self, rest):
        self.folder = Path(self.within(rest))
        self.folder.mkdir(parents=True, exist_ok=True)

    def _copy(self, rest):
        *sources, target = rest.split()
        for source in sources:
            if (ROOT / source).is_dir():
                unwanted = shutil.ignore_patterns(*self.unwanted)
                shutil.copytree(ROOT / source, self.folder / target, ignore=unwanted)
            else:
                shutil.copy(ROOT / source, self.folder / target)

    def _run(self, rest):
        env = self.environment | self.arguments
        command = ["sh", "-ec", self.within(rest)]
        subprocess.run(command, cwd=self.folder, env=env, check=True, timeout=900)

    def _user(self, rest):
        self.user = self._filled(rest)

    def _expose(self, rest):
        self.port = int(rest)

    def _cmd(self, rest):
        self.command = json.loads(rest)

    def _filled(self, text):
        return Template(text).safe_substitute(self.environment | self.arguments)


class Missing(Exception):
    """A variable that compose.yaml needs is empty or not set."""


def services(**variables):
    """The services of compose.yaml with these variables in .env. Raises Missing."""
    return _interpolated(yaml.safe_load((ROOT / "compose.yaml").read_text()), variables)["services"]


def names():
    """``{name: whether it has to be given}`` of the variables that compose.yaml takes."""
    content = yaml.safe_load((ROOT / "compose.yaml").read_text())
    found = VALUE.finditer(json.dumps(content))
    return {each[1]: each[2] == ":?" for each in found if each[1]}


def _interpolated(value, variables):
    if isinstance(value, dict):
        return {key: _interpolated(each, variables) for key, each in value.items()}
    if isinstance(value, list):
        return [_interpolated(each, variables) for each in value]
    if not isinstance(value, str):
        return value
    return VALUE.sub(lambda found: _value(found, variables), value)


def _value(found, variables):
    name, how, rest = found.groups()
    if name is None:
        return "$"
    if given := variables.get(name):
        return given
    if how == ":-":
        return rest
    raise Missing(name)


def bare_environment():
    """Without anything of ours or of a virtual environment."""
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "SSL_CERT_FILE")
    kept += tuple(name for name in os.environ if name.startswith(("PIP_", "REQUESTS_", "HTTP")))
    return {name: os.environ[name] for name in kept if name in os.environ}
