"""What a package index shows: the project's links, and a README whose pictures and links work there.

Where the project lies is known to whoever publishes it: `make build REPOSITORY=https://…`. Without it, as in a
working copy or a fork, the metadata name no address and the README stands as it is.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hatchling.metadata.plugin.interface import MetadataHookInterface

_PAGES = {"Changelog": "CHANGELOG.md", "Documentation": "docs/architecture.md", "Security": "SECURITY.md"}
# ](docs/ranking.md), and the picture ![The page](docs/img/page.png); not ](https://…) and not ](#part).
_LINK = re.compile(r"(?P<picture>!?)\[(?P<text>[^\]]*)\]\((?![a-z]+:|#)(?P<path>[^)\s]+)\)")


def urls(repository: str) -> dict[str, str]:
    """The links of a project at this address."""
    pages = {name: f"{repository}/blob/HEAD/{path}" for name, path in _PAGES.items()}
    return {"Homepage": repository, "Issues": f"{repository}/issues", **pages}


def absolute(readme: str, repository: str) -> str:
    """The README with every relative picture and link at this address."""

    def link(match: re.Match[str]) -> str:
        way = "raw" if match["picture"] else "blob"
        return f"{match['picture']}[{match['text']}]({repository}/{way}/HEAD/{match['path']})"

    return _LINK.sub(link, readme)


class CustomMetadataHook(MetadataHookInterface):
    """Fills in `urls` and `readme`, which pyproject.toml calls dynamic."""

    def update(self, metadata: dict[str, Any]) -> None:
        """The metadata, for the repository that the environment names; raises ValueError if that is no address."""
        readme = Path(self.root, "README.md").read_text(encoding="utf-8")
        repository = os.environ.get("REPOSITORY", "").strip().rstrip("/")
        if repository:
            address = urlsplit(repository)
            if address.scheme != "https" or not address.hostname or address.query or address.username:
                raise ValueError(f"REPOSITORY must be the https address of the repository, not {repository!r}")
            metadata["urls"] = urls(repository)
            readme = absolute(readme, repository)
        metadata["readme"] = {"content-type": "text/markdown", "text": readme}
