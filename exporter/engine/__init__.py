"""The tasks: what the API server says flows through the core into what readers see."""
