"""Format phone numbers for people: "403-555-0123"."""

from phonenumber_field.phonenumber import PhoneNumber


def format_phone(phone: PhoneNumber) -> str:
    """A number of country code 1 as "403-555-0123", any other in international format."""
    if phone.country_code != 1:
        return str(phone.as_international)
    return str(phone.as_national).replace("(", "").replace(") ", "-")
