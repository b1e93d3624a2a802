from django import template

from tenants.help.topics import address_of, topic_of

register = template.Library()


@register.simple_tag(takes_context=True)
def help_url(context):
    """The address of the documentation of this page."""
    request = context.get("request")
    return address_of(topic_of(request.resolver_match if request else None))
