"""Scenarios from people's own posts: PushShift dumps, a prefilter, a model that reads, and rules that guard privacy."""

from benchmark.scenarios.reddit.job import Files, RedditSettings, check, look, make
from benchmark.scenarios.reddit.pipeline import ROLES, Built, build_reddit
from benchmark.scenarios.reddit.scan import Candidate, Scan, scan
from benchmark.scenarios.reddit.scrub import personal_data, scrub
from benchmark.scenarios.reddit.tables import SubredditTable, subreddit_table
from benchmark.scenarios.reddit.yields import Drop, Flaw, Stage, Yields, share

__all__ = [
    "ROLES",
    "Built",
    "Candidate",
    "Drop",
    "Files",
    "Flaw",
    "RedditSettings",
    "Scan",
    "Stage",
    "SubredditTable",
    "Yields",
    "build_reddit",
    "check",
    "look",
    "make",
    "personal_data",
    "scan",
    "scrub",
    "share",
    "subreddit_table",
]
