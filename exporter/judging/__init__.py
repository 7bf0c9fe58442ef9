"""How a Service stands and what is remarkable about it: the one place that decides.

Pure: a view, what was seen over time, the time and the user's choices come in, a report with its
judgement goes out. Metrics, commands, pages and alerts read it.
"""

from exporter.judging.assess import Options, assess
from exporter.judging.order import STANDINGS, rank

__all__ = ["STANDINGS", "Options", "assess", "rank"]
