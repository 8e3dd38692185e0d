"""A software passkey: answers the WebAuthn requests of the login pages as a browser with its device would."""

import hashlib
import json
import os
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils.http import int_to_base36
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

PRESENT, VERIFIED = AuthenticatorData.FLAG.UP, AuthenticatorData.FLAG.UV


class SoftPasskey:
    """``is_kept``: what the browser reports, that the device keeps the key (credProps.rk); None: nothing."""

    def __init__(self, user: Any, *, is_kept: bool | None, host: str = "testserver") -> None:
        self.user, self.is_kept, self.host = user, is_kept, host
        self.private_key = ec.generate_private_key(ec.SECP256R1())
        self.id = os.urandom(16)

    def registration(self, challenge: str) -> str:
        """Return the credential that the page to add a passkey posts."""
        public_key = ES256.from_cryptography_key(self.private_key.public_key())
        key = AttestedCredentialData.create(Aaguid.NONE, self.id, public_key)
        flags = PRESENT | VERIFIED | AuthenticatorData.FLAG.AT
        data = AuthenticatorData.create(self._host_hash(), flags, 0, key)
        attestation = AttestationObject.create("none", data, {})
        response = {
            "clientDataJSON": websafe_encode(self._client_data("webauthn.create", challenge)),
            "attestationObject": websafe_encode(attestation),
        }
        results = {} if self.is_kept is None else {"credProps": {"rk": self.is_kept}}
        return self._credential(response, results)

    def assertion(self, challenge: str) -> str:
        """Return the credential that a login page posts."""
        client_data = self._client_data("webauthn.get", challenge)
        data = AuthenticatorData.create(self._host_hash(), PRESENT | VERIFIED, 1)
        signed = bytes(data) + hashlib.sha256(client_data).digest()
        response = {
            "clientDataJSON": websafe_encode(client_data),
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(self.private_key.sign(signed, ec.ECDSA(hashes.SHA256()))),
            "userHandle": websafe_encode(int_to_base36(self.user.pk).encode()),
        }
        return self._credential(response, {})

    def _host_hash(self) -> bytes:
        return hashlib.sha256(self.host.encode()).digest()

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": f"https://{self.host}"}).encode()

    def _credential(self, response: dict[str, str], results: dict[str, Any]) -> str:
        name = websafe_encode(self.id)
        return json.dumps(
            {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": results}
        )
