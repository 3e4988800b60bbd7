"""Entry point of the `trendscout` command and of `python -m trendscout`."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from trendscout import stopping


class LeftOut:
    """Says at once that there is no pandas and no sniffio, in a process of ours.

    DuckDB looks for pandas at every parameter of a statement: where there is one, importing it takes .2 s and
    65 MB; where there is none, the whole path is searched each time, a seventh of the demo's CPU time. Parts of
    httpx look for sniffio some six times a request, a fifth of its CPU time; finding none, they take the loop for
    asyncio's, which it is.
    """

    NAMES = ("pandas", "sniffio")

    def find_spec(self, fullname: str, _path: object = None, _target: object = None) -> None:
        """Nothing, so that the next finder looks; raises ModuleNotFoundError for what is left out."""
        if fullname in self.NAMES:
            raise ModuleNotFoundError(f"{fullname} is not used here", name=fullname)


def main() -> None:
    """Run the command line."""
    stopping.listen()
    sys.meta_path.insert(0, LeftOut())
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
