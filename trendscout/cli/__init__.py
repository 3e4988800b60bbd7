"""The command line: the only user of Typer, and the only code that prints."""


def run() -> None:
    """Run the command line."""
