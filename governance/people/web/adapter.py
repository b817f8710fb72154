"""How allauth behaves here: nobody signs up by themselves, and TOTP secrets rest encrypted."""

from __future__ import annotations

import base64
import os
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from governance.people import services
from governance.people.actors import person_actor
from governance.people.choices import NEEDS_SECOND_FACTOR
from governance.people.models import User

_NONCE = 12
_FORM = "gcm1:"
_PURPOSE = b"people.totp_secret"


class ClosedSignup(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by an admin or by `create_admin`."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """Treat a person who was shut out as nobody: same answer, same throttle."""
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user is not None and not user.is_active:
            self.pre_authenticate(request, **credentials)
            self.authentication_failed(request, **credentials)
            return None
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        services.note_failed_sign_in(email=str(credentials.get("email", "")))

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        super().login(request, user)
        if isinstance(user, User):
            services.note_sign_in(user=user)


class EncryptedSecrets(DefaultMFAAdapter):  # type: ignore[misc]
    """AES-256-GCM under the key ring's field key."""

    def encrypt(self, text: str) -> str:
        nonce = os.urandom(_NONCE)
        sealed = AESGCM(settings.KEYS.field_key).encrypt(nonce, text.encode(), _PURPOSE)
        return _FORM + base64.b64encode(nonce + sealed).decode()

    def decrypt(self, encrypted_text: str) -> str:
        raw = base64.b64decode(encrypted_text.removeprefix(_FORM))
        opened = AESGCM(settings.KEYS.field_key).decrypt(raw[:_NONCE], raw[_NONCE:], _PURPOSE)
        return opened.decode()

    def get_totp_issuer(self) -> str:
        return "Tactful"

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """A person whose roles need a second factor cannot switch it off."""
        return not person_actor(authenticator.user).roles & NEEDS_SECOND_FACTOR

    def _get_site_name(self) -> str:
        return "Tactful"
