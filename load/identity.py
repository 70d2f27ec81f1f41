"""What a process means by its target, so that a worker that means another is found out before it sends anything."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from fixtures.target.canaries import Organisation
from fixtures.target.record import TargetRecord


def identity_of(url: str, record: TargetRecord, organisations: Sequence[Organisation], secret: str) -> str:
    """All that a worker's requests depend on besides the plan; of the secret a slow, salted hash."""
    return repr((url, record.paths, sorted(record.vapi_auth.items()), organisations, _trace(url, secret)))


def _trace(url: str, secret: str) -> str:
    """The digest of an identity stands in recordings: nobody shall try secrets against it."""
    return hashlib.scrypt(secret.encode(), salt=url.encode(), n=2**14, r=8, p=1).hex()
