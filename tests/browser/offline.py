"""The network goes away below a page, and what waits for it."""


def at(run, verb=""):
    return f"/floor/runs/{run.pk}/{verb}"


def offline(page, is_offline=True):
    page.watch.is_offline = True  # what failed meanwhile may still be told
    page.context.set_offline(is_offline)


def waiting(page, words=""):
    """The board of what waits, once it says so."""
    board = page.locator("#waiting").filter(has_text=words)
    board.wait_for()
    return board


def none_waits(page):
    kept = "Object.keys(localStorage).filter((name) => name.startsWith('spoolbook-waiting'))"
    page.wait_for_function(f"() => {kept}.length === 0")
    page.locator("#waiting").wait_for(state="hidden")


def finds(page, words):
    page.get_by_text(words).first.wait_for()


def why_not(page, words):
    page.locator("#waiting .why").filter(has_text=words).wait_for()


def age(page, hours):
    """Let what waits have waited for so long."""
    page.evaluate(
        """hours => { for (const name of Object.keys(localStorage)) {
            const form = JSON.parse(localStorage[name]);
            const [at, since] = [form.at, form.since].map((each) => each - hours * 3600000);
            localStorage[name] = JSON.stringify({ ...form, at, since });
        } }""",
        hours,
    )
