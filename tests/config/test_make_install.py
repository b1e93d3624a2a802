"""`make` finds a Python, installs what is needed once, and says what is wrong in a sentence."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.budgets import deep
from tests.config.instances import clean_environment, copied


@pytest.fixture
def project(tmp_path):
    return copied(tmp_path / "a copy")


def make(project, *words, **environment):
    command = ["make", "--no-print-directory", *words]
    environment = clean_environment() | environment
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)


def fake_python(folder, version):
    """A program that answers as a Python of that version would."""
    folder.mkdir(exist_ok=True)
    text = f'#!/bin/sh\ncase "$2" in *platform*) echo {version};; *) exit 1;; esac\n'
    (folder / "python3").write_text(text)
    (folder / "python3").chmod(0o755)
    return str(folder)


def test_an_old_python_is_refused_by_its_version(project):
    path = fake_python(project / "bin", "3.9.2")
    for tool in ("make", "sh"):
        (project / "bin" / tool).symlink_to(shutil.which(tool))
    answer = make(project, "install", PATH=path)
    assert answer.returncode != 0
    assert "Spoolbook needs Python 3.11 or newer; found: 3.9.2 (python3)." in answer.stderr


@deep
def test_requirements_are_installed_once_and_again_when_they_change(project):
    python = f"PYTHON={sys.executable}"
    requirements = project / "requirements.txt"
    requirements.write_text("# nothing\n")
    first = make(project, "install", python)
    assert "Installing requirements.txt into .venv ..." in first.stdout, first.stderr
    assert make(project, "install").stdout == ""
    requirements.write_text("spoolbook-has-no-such-package==0 ; python_version < '4'\n")
    failed = make(project, "install", PIP_NO_INDEX="1")
    assert (failed.returncode, "is tried again" in failed.stderr) == (2, True)
    requirements.write_text("# nothing\n")
    assert "Installing" in make(project, "install").stdout, "half an installation does not count"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_can_not_be_written_to_is_named_before_anything_is_made(project):
    (project / "requirements.txt").write_text("# nothing\n")
    project.chmod(0o555)
    answer = make(project, "install", f"PYTHON={sys.executable}")
    project.chmod(0o755)
    assert f"No permission to write in {project}" in answer.stderr
    assert "apt install" not in answer.stderr


def test_help_names_every_target(project):
    output = make(project, "help").stdout
    assert all(f"make {name} " in output for name in ("run", "test", "check", "fix", "clean"))
