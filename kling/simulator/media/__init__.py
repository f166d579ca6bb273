"""Media made by code: real MP4, PNG, MP3 and WAV files, drawn from the prompt alone."""

from __future__ import annotations
