"""``python -m clapless`` is the command ``clapless``."""

import sys

from clapless.cli import main

if __name__ == "__main__":
    sys.exit(main())
