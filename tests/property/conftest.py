"""How property tests run: few examples by default, the same ones every time where CI is set."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_SLOW_MACHINES = (HealthCheck.too_slow, HealthCheck.data_too_large)

# No deadlines: the machine may be busy with something else.
settings.register_profile(
    "quick", deadline=None, max_examples=70, suppress_health_check=_SLOW_MACHINES
)
settings.register_profile(
    "ci", parent=settings.get_profile("quick"), derandomize=True, database=None
)
settings.register_profile("thorough", parent=settings.get_profile("quick"), max_examples=2000)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "quick")
)
