"""What is known now, indexed by Service: changes go in, the keys of touched Services come out.

It knows how objects belong together (labels, selectors, references), never what that means for
traffic. A change that brings nothing new touches nothing, so replays and relists do no harm.
"""

from exporter.cluster.cluster import Cluster
from exporter.cluster.dirty import Dirty

__all__ = ["Cluster", "Dirty"]
