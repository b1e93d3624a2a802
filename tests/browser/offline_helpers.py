"""A page without a network: what waits on it, and what it keeps."""


def at(run, verb=""):
    return f"/floor/runs/{run.pk}/{verb}"


def offline(page, is_offline=True):
    page.watch.is_offline = True  # errors of meanwhile may still be reported
    page.context.set_offline(is_offline)


def in_another_tab(page):
    """The tab is closed while it waits, and the network is back: a new one."""
    other = page.context.new_page()
    other.watch = page.watch
    page.close()
    offline(other, False)
    return other


def waiting(page, words=""):
    """The page of pending forms, once it lists some."""
    board = page.locator("#waiting").filter(has_text=words)
    board.wait_for()
    return board


def none_waits(page):
    script = "Object.keys(localStorage).filter((name) => name.startsWith('spoolbook-waiting'))"
    page.wait_for_function(f"() => {script}.length === 0")
    page.locator("#waiting").wait_for(state="hidden")


def looked_after(page):
    page.wait_for_function("() => navigator.serviceWorker.controller")


def comes_true(page, condition):
    """Waits until a promise resolves to true; to Playwright's own waiting any promise is true."""
    page.evaluate(f"""async () => {{
        const asked = async () => {condition};
        for (let times = 600; times; times -= 1) {{
            if (await asked()) return;
            await new Promise((goOn) => setTimeout(goOn, 50));
        }}
        throw new Error(`it never came true: ${{asked}}`);
    }}""")


def is_cached(page):
    """The page, and with it its styles and scripts."""
    files = '[...document.querySelectorAll("[rel=stylesheet], script")]'
    addresses = f"[location.href, ...{files}.map((each) => each.href ?? each.src)]"
    script = f"{addresses}.map((each) => caches.match(each))"
    comes_true(page, f"(await Promise.all({script})).every(Boolean)")


def why_not(page, words):
    page.locator("#waiting .why").filter(has_text=words).wait_for()


def age(page, hours):
    """Let what waits, and was tried in vain, have waited for so long."""
    page.wait_for_function("() => Object.values(localStorage).some((each) => /tried/.test(each))")
    page.evaluate(
        """hours => { for (const name of Object.keys(localStorage)) {
            if (!name.startsWith("spoolbook-waiting")) continue;
            const form = JSON.parse(localStorage[name]);
            const [at, since] = [form.at, form.since].map((each) => each - hours * 3600000);
            localStorage[name] = JSON.stringify({ ...form, at, since });
        } }""",
        hours,
    )
