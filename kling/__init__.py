"""Kling's protocol as CometAPI, Cloudsway and Kling itself speak it. Knows no web framework."""

from __future__ import annotations
