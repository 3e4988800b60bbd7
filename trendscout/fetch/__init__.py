"""The only way to the network: polite, bounded, archived before it is read."""

from __future__ import annotations

from trendscout.fetch.client import Fetched, Fetcher, Job, lane_of
from trendscout.fetch.limits import Limits

__all__ = ["Fetched", "Fetcher", "Job", "Limits", "lane_of"]
