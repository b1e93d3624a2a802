"""Pages of `docs/` as HTML, with the ids that GitHub gives to their headings."""

import re
from functools import cache
from typing import NamedTuple

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from markdown_it import MarkdownIt

FOLDER = settings.BASE_DIR / "docs"
OF_EVERY_DAY = ("floor", "stocktakes", "admin", "tour", "glossary", "api", "printers")
OF_EVERY_DAY += ("klipper", "octoprint", "home-assistant", "bambu", "prusa", "slicers", "spoolman")
OF_EVERY_DAY += ("operations",)
PAGE = re.compile(r"([a-z-]+)\.md(#.*)?")
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
# What may be wider than a screen, and so is scrolled, also by keyboard: its name.
WIDE = {"fence": _("Example: %(heading)s"), "table_open": _("Table: %(heading)s")}
GROUP = '<div class="wide" role="group" tabindex="0" aria-label="{}">'


def _opened(renderer, tokens, index, options, env):
    token = tokens[index]
    group = GROUP.format(escape(token.meta["label"]))
    if token.type == "fence":
        return f"{group}{renderer.fence(tokens, index, options, env)}</div>\n"
    return group + renderer.renderToken(tokens, index, options, env)


def _closed(renderer, tokens, index, options, env):
    return renderer.renderToken(tokens, index, options, env) + "</div>\n"


MARKDOWN.add_render_rule("fence", _opened)
MARKDOWN.add_render_rule("table_open", _opened)
MARKDOWN.add_render_rule("table_close", _closed)


class Page(NamedTuple):
    name: str
    title: str
    sections: dict  # the titles of its second-level headings, by their ids
    anchors: frozenset
    html: str


def slug(heading):
    return re.sub(r"[^\w -]", "", str(heading)).lower().replace(" ", "-")


@cache
def names():
    """Of the pages: first those for everyday work."""
    return (*OF_EVERY_DAY, *sorted({path.stem for path in FOLDER.glob("*.md")} - {*OF_EVERY_DAY}))


@cache
def page(name):
    """Raises KeyError where there is none of the name."""
    if name not in names():
        raise KeyError(name)
    tokens = MARKDOWN.parse((FOLDER / f"{name}.md").read_text())
    title, heading, sections, anchors = name, name, {}, set()
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open":
            text = "".join(each.content for each in following.children)
            token.attrSet("id", slug(text))
            anchors.add(slug(text))
            if token.tag == "h1":
                title = text
            elif token.tag == "h2":
                sections[slug(text)] = text
            heading = text
        elif token.type in WIDE:
            token.meta["label"] = WIDE[token.type] % {"heading": heading}
        elif token.type == "inline":
            token.children = _served(token.children)
    html = MARKDOWN.renderer.render(tokens, MARKDOWN.options, {})  # of docs/, without HTML
    html = mark_safe(html)  # noqa: S308  # nosec B308 B703
    return Page(name, title, sections, frozenset(anchors), html)


def _served(tokens):
    """With links and pictures where they are served; links to files that are not become text."""
    served, is_link = [], False
    for token in tokens:
        if token.type == "link_open":
            target = _address(token.attrs["href"])
            is_link = target is not None
            if is_link:
                token.attrSet("href", target)
        elif token.type == "image":
            token.attrSet("src", static(token.attrs["src"].replace("images/", "docs/", 1)))
            token.attrSet("loading", "lazy")
        if is_link or token.type not in ("link_open", "link_close"):
            served.append(token)
        if token.type == "link_close":
            is_link = False
    return served


def _address(href):
    """Of a link, as it is served; None for a file that is not."""
    if href.startswith(("#", "http:", "https:")):
        return href
    found = PAGE.fullmatch(href)
    if found and found[1] in names():
        return reverse("help-page", args=[found[1]]) + (found[2] or "")
    return None
