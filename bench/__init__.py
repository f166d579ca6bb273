"""Benchmarks: product and baseline in one run, on the same machine, as ratios."""

from __future__ import annotations
