"""How a Service stands and what is remarkable about it: the one place that decides.

Pure: reports, what was seen over time, the time and the user's choices come in, a Judgement goes
out. Metrics, commands, pages and alerts read it.
"""

from exporter.judging.order import STANDINGS, rank
from exporter.judging.standing import judge

__all__ = ["STANDINGS", "judge", "rank"]
