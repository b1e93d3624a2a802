"""What a browser sends of the admin's pages, and what they have written."""

import re
from html import unescape

from django.urls import reverse

from inventory.models import InventoryTransaction
from production.models import ProductionRun, Reason, RunEvent

LIST = "/admin/production/productionrun/"


def fields(answer):
    """The fields of the page's last form as a browser would send them untouched; not of one that
    sends a file."""
    page = answer.content.decode()
    form = re.findall(r'<form method="post"(?![^>]*enctype)[^>]*>.*?</form>', page, flags=re.S)[-1]
    sent = dict(re.findall(r'<textarea name="([^"]+)"[^>]*>\s*(.*?)</textarea>', form, flags=re.S))
    for tag in re.findall(r"<input[^>]*>", form):
        found = dict(re.findall(r'([a-z_-]+)="([^"]*)"', tag))
        kind, name = found.get("type", "text"), found.get("name")
        if not name or kind == "submit" or (kind == "checkbox" and " checked" not in tag):
            continue
        sent[name] = unescape(found.get("value", "on" if kind == "checkbox" else ""))
    return sent | _chosen(form)


def _chosen(form):
    choices = re.findall(r'<select name="([^"]+)".*?</select>', form, flags=re.S)
    bodies = re.findall(r'<select name="[^"]+"[^>]*>(.*?)</select>', form, flags=re.S)
    chosen = {}
    for name, body in zip(choices, bodies, strict=True):
        value = re.search(r'<option value="([^"]*)" selected', body)
        chosen[name] = value.group(1) if value else ""
    return chosen


def carry_out(client, url, **typed):
    """Type into a verb's page, look at what will be written, agree; returns both answers."""
    seen = client.post(url, fields(client.get(url)) | typed)
    return seen, client.post(url, fields(seen) | typed | {"_do": "1"})


def page_of(run):
    return reverse("admin:production_productionrun_change", args=[run.pk])


def numbers(client, query=""):
    """The numbers of the runs that the list shows."""
    rows = client.get(f"{LIST}?{query}").context["cl"].result_list
    return {run.number for run in rows}


def page(run, verb):
    return reverse(f"admin:production_productionrun_do_{verb}", args=[run.pk])


def written():
    """Everything a verb could have written."""
    runs = list(ProductionRun.objects.values())
    return runs, InventoryTransaction.objects.count(), RunEvent.objects.count()


def field(line, name):
    kind = "item" if hasattr(line, "good_count") else "material"
    return f"{kind}-{line.pk}-{name}"


def failure():
    return Reason.objects.get(kind="failure", code="nozzle_clog")
