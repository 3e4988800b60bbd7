"""Entry point of the `trendscout` command and of `python -m trendscout`."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from trendscout import stopping


def main() -> None:
    """Run the command line."""
    stopping.listen()
    try:
        from trendscout.cli import run

        run()
    except (KeyboardInterrupt, stopping.Stopped):  # the former before the command line could hear it
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):  # whoever read them may be gone
                stream.flush()
        # Not sys.exit: Python ends itself by SIGINT if one ever passed an `exec`, such as dataclasses are made by.
        os._exit(stopping.exit_code())


if __name__ == "__main__":
    main()
