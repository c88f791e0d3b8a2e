"""``python -m bgnn_studio``: the same as ``bgnn-studio``."""

import sys

from bgnn_studio.cli import main

sys.exit(main())
