"""Files of a request: from what people give to what the provider gets.

``resolve`` looks at each file before anything is priced, ``kept`` makes uploads of those that came
with the request (``held_id`` of one), ``media_of`` says again what is known of the files of a job,
``sent`` turns them into what goes over the wire.
"""

from __future__ import annotations

from generations.inputs.resolving import Resolved, held_id, kept, resolve
from generations.inputs.sending import CannotBeSent, Sent, media_of, sent

__all__ = ["CannotBeSent", "Resolved", "Sent", "held_id", "kept", "media_of", "resolve", "sent"]
