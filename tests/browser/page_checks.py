"""A watched page, and the checks of every page."""

import logging
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT

from tests.budgets import IS_DEEP

logger = logging.getLogger("spoolbook.browser")  # pytest prints the condition when a test fails

PHONE = {"width": 393, "height": 851}
TABLET = {"width": 820, "height": 1180}
DESK = {"width": 1280, "height": 900}

TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`));
"""


def script(name):
    """A function of JavaScript, without the comment above it."""
    lines = Path(__file__).with_name(name).read_text().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("//"))


TOO_SMALL, BARRIERS = script("too_small.js"), script("barriers.js")
UNREACHABLE, UNFIT = script("unreachable.js"), script("unfit.js")
MEASURED = []  # looks of text, on all pages so far
WIDEST = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


class Watch:
    """Notes what no page may do: errors, violations of the policy, requests to elsewhere."""

    def __init__(self, context, origin):
        self.origin, self.wrong = origin, []
        self.is_offline = self.is_paused = False
        context.add_init_script(TELL_VIOLATIONS)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.wrong.append(f"error: {error.error}"))
        context.on("request", self._request)
        context.on("response", lambda each: _note(each.request, each.status))
        context.on("requestfailed", lambda each: _note(each, each.failure))

    def _console(self, message):
        is_refusal = "status of 4" in message.text and "/floor/" in message.location["url"]
        is_expected = is_refusal or "blocked by Playwright" in message.text
        is_expected |= self.is_offline and "net::ERR" in message.text
        if message.type in ("error", "warning") and not is_expected and not self.is_paused:
            self.wrong.append(f"console: {message.text} {message.location['url']}")

    def _request(self, request):
        if not request.url.startswith((self.origin, "data:", "blob:")):
            self.wrong.append(f"elsewhere: {request.url}")


def _note(request, ended):
    logger.info("%s %s %s", request.method, request.url, ended)


def finds(page, words):
    """Waits until the words are there."""
    page.get_by_text(words).first.wait_for()


def geometry(page):
    """What is too small or too wide on a page of the floor."""
    wider = page.evaluate(WIDEST)
    return page.evaluate(TOO_SMALL) + (
        [["page", f"{wider} px wider than the screen"]] if wider else []
    )


def by_keyboard_and_large(page):
    """What a keyboard does not reach, and what does not fit with all text at 200 %."""
    wrong = page.evaluate(UNREACHABLE)
    with large_text(page):
        wrong += [[f"at 200 %: {what}", why] for what, why in page.evaluate(UNREACHABLE)]
        wider = page.evaluate(WIDEST)
    return wrong + ([["page at 200 %", f"{wider} px wider than the screen"]] if wider else [])


@contextmanager
def large_text(page):
    """All text at 200 %."""
    root = "document.documentElement.style.fontSize"
    page.evaluate(
        f"{root} = 2 * parseFloat(getComputedStyle(document.documentElement).fontSize) + 'px'"
    )
    yield
    page.evaluate(f"{root} = ''")


def barriers(page):
    """The serious and critical findings of axe: what, how often, where first."""
    page.watch.is_paused = True  # axe itself styles inline, to see what happens
    page.evaluate(AXE_SCRIPT)
    results = page.evaluate(BARRIERS, [] if IS_DEEP else MEASURED)
    page.watch.is_paused = False
    MEASURED[:] = results["looks"]
    return [
        (found["id"], found["help"], [node["html"][:160] for node in found["nodes"][:3]])
        for found in results["violations"]
        if found["impact"] in ("serious", "critical")
    ]


def in_menu(page, name):
    """The button of the menu in the header, which is opened first."""
    page.locator(".me summary").tap()
    return page.get_by_role("button", name=name)


def on_board(page, run):
    """The link of the board to the run."""
    return page.locator(f"main a.job[href='/floor/runs/{run.pk}/']").first


class Hand:
    """A hand in a glove: what it touches is counted."""

    def __init__(self, page):
        self.page, self.touches = page, 0

    def touch(self, what):
        self.touches += 1
        what.tap()

    def button(self, name):
        self.touch(self.page.get_by_role("button", name=name))

    def link(self, name):
        self.touch(self.page.get_by_role("link", name=name))
