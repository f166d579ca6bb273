#!/usr/bin/env python
from __future__ import annotations

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from kling_saas import environment_files

if __name__ == "__main__":
    environment_files.load(sys.argv[1] if len(sys.argv) > 1 else "")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kling_saas.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as exc:
        # A wrong setting is the operator's to mend; where it was read says nothing more.
        if "--traceback" in sys.argv:
            raise
        sys.exit(str(exc))
