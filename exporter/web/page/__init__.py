"""The page: HTML that says all without scripts, and the files that make it quick to use."""
