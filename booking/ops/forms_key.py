"""How to make the key that encrypts answers to health forms."""

HOW_TO_MAKE_A_FORMS_KEY = (
    "python3 -c 'import base64, secrets; print(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())'"
)
HOW_TO_SET_A_FORMS_KEY = (
    f"Make one with {HOW_TO_MAKE_A_FORMS_KEY} and set it as FORMS_KEY, or keep it in a file that FORMS_KEY_FILE names. "
    "Keep a copy apart from the backups of the database."
)
