"""Files of a request: from what people give to what the provider gets.

``resolve`` looks at each file before anything is priced, ``media_of`` says again what is known
of the files of a job, ``sent`` turns them into what goes over the wire.
"""

from __future__ import annotations

from generations.inputs.resolving import Resolved, media_of, resolve
from generations.inputs.sending import CannotBeSent, Sent, sent

__all__ = ["CannotBeSent", "Resolved", "Sent", "media_of", "resolve", "sent"]
