"""``python -m afscan``."""

import sys

from afscan.cli import main

sys.exit(main())
