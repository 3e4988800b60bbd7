"""Entry point of the `trendscout` command and of `python -m trendscout`."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from trendscout.cli import run

    run()


if __name__ == "__main__":
    main()
