"""One machine of a team: collects the demo market's first morning into the store of argv, over real HTTP."""

import json
import sys

from trendscout import pipeline
from trendscout.clock import VirtualClock
from trendscout.demo.market import morning_of
from trendscout.demo.run import queries
from trendscout.settings.config import Settings
from trendscout.store.address import StoreAddress
from trendscout.store.workspace import Workspace

db, data, urls = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
outcomes = pipeline.collect(
    Workspace.at(StoreAddress(db, data)),
    queries(("US",)),
    Settings(contact="demo@market.example"),
    clock=VirtualClock(morning_of(0)),
    base_url=urls,
    seed=1,
)
json.dump([outcome.query.source for outcome in outcomes if outcome.status != "left"], sys.stdout)
