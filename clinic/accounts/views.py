"""The page "Your login": the current user's password, passkeys, authenticator app and recovery codes."""

from typing import Any

from allauth.mfa.base.views import IndexView

from clinic.accounts import second_factor


class YourLogin(IndexView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"must_set_up": second_factor.is_missing(self.request.user)}
