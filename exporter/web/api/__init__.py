"""The JSON API under /api/v1: what the page shows, for scripts and portals."""
