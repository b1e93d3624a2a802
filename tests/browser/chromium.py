"""Where the browser is: python -m tests.browser.chromium gets one when there is none.

SPOOLBOOK_BROWSER names it; else it is a Chromium or Chrome on the path, else Playwright's own.
Chromium's headless shell comes first: it takes half the time of a browser with a window to draw.
SPOOLBOOK_NO_BROWSER=1 does without: the tests of tests/browser are then skipped.
"""

import os
import shutil
import subprocess
import sys

NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
MISSING = """\
No browser for tests/browser, and none could be installed. Any of these helps:
  Debian, Ubuntu:  sudo apt-get install chromium-headless-shell (or chromium)
  elsewhere:       .venv/bin/playwright install chromium   (needs the internet)
  any Chromium:    SPOOLBOOK_BROWSER=/path/to/chromium make test
  do without:      SPOOLBOOK_NO_BROWSER=1 make test        (its tests are skipped)"""
SKIPPED = "SPOOLBOOK_NO_BROWSER is set: nothing in tests/browser is tested."


def filming(film):
    """Flags for a camera that shows a film, which need not be there before the camera is used."""
    return [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]


def is_unwanted():
    return os.environ.get("SPOOLBOOK_NO_BROWSER", "") not in ("", "0")


def found():
    """The path of a browser, or None: then Playwright may have one of its own."""
    named = os.environ.get("SPOOLBOOK_BROWSER")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


def install():
    """Get a browser; whether there is one now."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing Chromium with apt-get, for the tests in a browser ...", flush=True)
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=False, env=environment)
        for package in NAMES[:2]:  # Ubuntu has the second alone
            words = ["apt-get", "install", "-qq", "-y", package]
            if subprocess.run(words, check=False, env=environment).returncode == 0 and found():
                return True
    own = [sys.executable, "-m", "playwright", "install", "chromium"]
    return subprocess.run(own, check=False).returncode == 0


def main():
    if is_unwanted():
        print(SKIPPED)
    elif not found() and not install():
        print(f"\n{MISSING}\n", file=sys.stderr)


if __name__ == "__main__":
    main()
