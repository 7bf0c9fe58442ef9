"""What would become of Services if Nodes, zones or Pods were gone. Nothing is decided here.

Pure: what is known now, with what is lost taken out of it, is judged by the same `judging.assess`
as everything else. It is the worst case: nothing that is lost comes up anywhere else.
"""

from exporter.foresight.budgets import Guard, GuardState
from exporter.foresight.foresee import Forecast, World, WorstSet, foresee
from exporter.foresight.losses import Scaling
from exporter.foresight.outcomes import Effect, Judge, Outcome
from exporter.foresight.questions import Question

__all__ = [
    "Effect",
    "Forecast",
    "Guard",
    "GuardState",
    "Judge",
    "Outcome",
    "Question",
    "Scaling",
    "World",
    "WorstSet",
    "foresee",
]
