"""Whether e-mail leaves this site, for the frame of the front desk."""

from django import template

from clinic.checks import is_mail_unsent

register = template.Library()
register.simple_tag(is_mail_unsent)
