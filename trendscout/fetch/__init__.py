"""The only way to the network: polite, bounded, archived before it is read."""

from __future__ import annotations

from trendscout.fetch.client import CrawlTask, Fetched, Fetcher, lane_of
from trendscout.fetch.limits import Limits

__all__ = ["CrawlTask", "Fetched", "Fetcher", "Limits", "lane_of"]
