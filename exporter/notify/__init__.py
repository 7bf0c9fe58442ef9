"""Telling others what became of Services: a webhook, and Events on the Services themselves.

Changes are gathered and sent by tasks of their own: whoever is slow or away holds nobody, and what
there is no room for is counted. It judges nothing: what is news is what the log has lines for.
"""

from exporter.notify.gathering import Outcome
from exporter.notify.recorder import Recorder, WriteOutcome
from exporter.notify.telling import Courier, Letterhead
from exporter.notify.verdicts import Verdict
from exporter.notify.webhook import Target, Webhook

__all__ = [
    "Courier",
    "Letterhead",
    "Outcome",
    "Recorder",
    "Target",
    "Verdict",
    "Webhook",
    "WriteOutcome",
]
