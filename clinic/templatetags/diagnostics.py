"""What helps whoever looks for an error: the request's id, and for staff the site's version."""

from django import template

from clinic.ops.logs.request_ids import current_request_id
from clinic.ops.version import site_version

register = template.Library()

register.simple_tag(current_request_id, name="request_id")
register.simple_tag(site_version, name="site_version")
