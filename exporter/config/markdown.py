"""docs/configuration.md, made from the declarations. It writes no file."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.config.changing import may_change
from exporter.config.declaration import Setting
from exporter.config.kinds import Several
from exporter.config.loading import CONFIG_FLAG, CONFIG_VARIABLE
from exporter.config.settings import SETTINGS, show_default

_HEAD = f"""\
# Configuration

<!-- Made by `make generate` from exporter/config; edit that. -->

Every setting can be given as a flag, as an environment variable or in a YAML file. A flag wins
over an environment variable, that over the file, that over the default. Everything that is wrong
is listed at once, one line each, and the exit status is 2. Unknown keys in the file and unknown
environment variables that start with `ENDPOINTS_EXPORTER_` are errors; a variable that is set but
empty counts as not set.

The file is named by `{CONFIG_FLAG} FILE` or `{CONFIG_VARIABLE}`. Its keys are the flags without
their dashes; `web.listen-address: …` may also be written as a map in a map. Lists are written as
YAML lists or separated by commas. Settings that a command does not take are checked and then left
alone, so that one file serves all commands.

```yaml
sync: watch
namespaces: [shop, payments]
groups: topology,changes
web:
  listen-address: ":9769"
log.format: json
```

`run` looks at the file every five seconds. Where a change holds without a restart, the section of
the setting says so: everything is then read anew beside what is shown, and shown when it is known.
Other changes are told in one line of the log and hold after a restart. While the file is faulty,
what held before holds on.

Durations are plain seconds or a number with a unit: `500ms`, `30s`, `5m`, `1h30m`, `1d`.
"""


_WEB = """\
## The file of `--web.config.file`

Its format is the one that Prometheus exporters share (exporter-toolkit's `web-configuration.md`).
Paths are relative to the file, and name regular files. It is read again when it, a certificate or
a key changes; while it is faulty, what held before holds on, the log says what is wrong, and it is
tried again. A key that stands there twice and an alias are faults. TLS, the last user, and that
clients show a certificate are not taken away while it serves: that needs a restart.

```yaml
tls_server_config:
  cert_file: server.crt
  key_file: server.key                           # not encrypted
  min_version: TLS12                             # to max_version: TLS13
  client_auth_type: RequireAndVerifyClientCert   # NoClientCert, VerifyClientCertIfGiven
  client_ca_file: clients.crt                    # or client_ca: with the certificate itself
  client_allowed_sans: [prometheus.example.org]
basic_auth_users:
  prometheus: $2y$10$…                           # htpasswd -nBC 10 prometheus
http_server_config:
  headers:
    Strict-Transport-Security: max-age=31536000
```

All pages need what the file asks for, health checks too. `cipher_suites` and
`prefer_server_cipher_suites` are taken as well, and `cert` and `key` with the texts themselves in
place of files. Not taken: `curve_preferences`, `rate_limit`, and client certificates that nobody
verifies (`RequestClientCert`, `RequireAnyClientCert`). HTTP/2 is not spoken; clients use HTTP/1.1.
"""


def escape_cell(text: str) -> str:
    """Text as it stands in a cell of a Markdown table."""
    return text.replace("|", r"\|")


def _describe(setting: Setting) -> Iterator[str]:
    default = show_default(setting)
    yield f"### `{setting.flag}`"
    yield ""
    yield setting.why
    yield ""
    yield "| | |"
    yield "| --- | --- |"
    repeat = "; the flag is repeatable" if isinstance(setting.kind, Several) else ""
    yield f"| takes | {escape_cell(setting.kind.takes)}{repeat} |"
    yield f"| default | {escape_cell(default if setting.none else f'`{default}`')} |"
    yield f"| environment | `{setting.variable}` |"
    yield f"| file | `{setting.name}` |"
    if may_change(setting) and "run" in setting.commands:
        yield "| a change in the file | holds within seconds, without a restart |"
    yield f"| commands | {', '.join(sorted(setting.commands))} |"
    yield ""


def render_configuration_markdown() -> str:
    """The whole page."""
    lines = [_HEAD]
    section = None
    for setting in SETTINGS:
        if setting.section != section:
            section = setting.section
            lines += [f"## {section}", ""]
        lines += _describe(setting)
    return "\n".join([*lines, _WEB])
