"""Files in storage that no row knows: what a killed worker or a storage that was down has left.

Only names of our own making are looked at, in the folders of our workspaces. What may still become
a result is left alone: files of the last day, and those of jobs that are not over. A failed job
counts as over only when nobody asks the provider about it any more (generations.late).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice

from django.utils import timezone

from accounts.models import Workspace
from generations import late
from generations.media import storage
from generations.media.storage import Stored
from generations.models import Asset, Generation, State, Upload

YOUNG = timedelta(days=1)
FAILED_FOR = late.ASK_FOR + timedelta(days=4)
BATCH = 500
OF_A_JOB = re.compile(r"wsp_\w+/(gen_\w+)/\d+(\.poster)?\.\w+")
OF_AN_UPLOAD = re.compile(r"wsp_\w+/uploads/upl_\w+\.\w+")


def files(workspace: Workspace) -> Iterator[Stored]:
    """Those of a workspace that may be removed. Raises StorageDown."""
    horizon = timezone.now() - YOUNG
    old = (file for file in storage.walk(workspace.public_id) if file.modified_at < horizon)
    while some := list(islice(old, BATCH)):
        known = _known(file.key for file in some)
        yield from (file for file in some if file.key not in known and _is_ours(file.key))


def _is_ours(key: str) -> bool:
    return bool(OF_A_JOB.fullmatch(key) or OF_AN_UPLOAD.fullmatch(key))


def _known(keys: Iterable[str]) -> set[str]:
    """Those of `keys` that a row has, or may have yet."""
    keys = list(keys)
    jobs = {key: found[1] for key in keys if (found := OF_A_JOB.fullmatch(key))}
    rows = Asset.objects.filter(generation__public_id__in=set(jobs.values()))
    known = {key for pair in rows.values_list("key", "poster_key") for key in pair if key}
    known |= set(Upload.objects.filter(key__in=keys).values_list("key", flat=True))
    unsettled = _unsettled(set(jobs.values()))
    return known | {key for key, job in jobs.items() if job in unsettled}


def _unsettled(jobs: set[str]) -> set[str]:
    rows = Generation.objects.filter(public_id__in=jobs, deleted_at=None)
    rows = rows.exclude(state=State.SUCCEEDED)
    settled = rows.filter(finished_at__lt=timezone.now() - FAILED_FOR)
    return set(rows.exclude(pk__in=settled).values_list("public_id", flat=True))
