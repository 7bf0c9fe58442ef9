"""What Grafana gets: boards as code, their JSON, provisioning. No part of the exporter."""
