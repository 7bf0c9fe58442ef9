"""The chart's values: schema, descriptions and the program's settings say the same."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

import exporter
from exporter.catalogue import DEFAULT_GROUPS, Group
from exporter.config.settings import SETTINGS, Settings
from tests.chart.rendering import CHART
from tools.chart_readme import list_described

VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
TEMPLATES = "".join(path.read_text(encoding="utf-8") for path in CHART.rglob("*.tpl"))
#: Where the credentials come from in a Pod is not for the chart to say; nor is there systemd.
NOT_IN_A_POD = {"kubeconfig", "context", "web.systemd-socket"}
FLAGS = re.compile(r"--([a-z]+(?:[.-][a-z]+)*)=")


def resolve(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema, or what it refers to."""
    reference = schema.get("$ref")
    if reference is None:
        return schema
    resolved: dict[str, Any] = SCHEMA["$defs"][reference.removeprefix("#/$defs/")]
    return resolved


def list_strict(schema: dict[str, Any], values: dict[str, Any], where: str) -> list[str]:
    """Return where a strict schema and the default values have different keys."""
    wrong = []
    for key, value in values.items():
        own = resolve(schema["properties"].get(key, {}))
        if key not in schema["properties"]:
            wrong.append(f"{where}{key}")
        elif isinstance(value, dict) and own.get("additionalProperties") is False:
            wrong += list_strict(own, value, f"{where}{key}.")
    return wrong


def test_every_value_is_in_the_schema() -> None:
    """No default value is unknown to the schema."""
    assert list_strict(SCHEMA, VALUES, "") == []


def list_known(schema: dict[str, Any]) -> set[str]:
    """Return the properties that mean something: names of other charts are refused in words."""
    refused = "refused with the name that is meant"
    return {name for name, own in schema["properties"].items() if own.get("description") != refused}


def test_every_property_of_the_schema_is_a_value() -> None:
    """Nothing is allowed at the top, or in a section of the chart's own, that values.yaml lacks."""
    assert list_known(SCHEMA) == set(VALUES)
    lent = {"probe", "resources"}  # of which values.yaml sets some
    for name, values in VALUES.items():
        own = SCHEMA["properties"][name]
        reference = own.get("$ref", name).removeprefix("#/$defs/")
        if own.get("additionalProperties") is False and reference not in lent and values:
            assert list_known(own) == set(values), name


def read_aliases() -> dict[str, str]:
    """Return the names of other charts and what they mean here, out of the template."""
    found = re.search(r'define "kee.aliases" -}}\n(.*?)\n{{- end', TEMPLATES, re.DOTALL)
    assert found
    return dict(line.split(": ") for line in found[1].splitlines())


@pytest.mark.parametrize("alias, name", read_aliases().items())
def test_names_of_other_charts_lead_to_ours(alias: str, name: str) -> None:
    """The schema lets each alias through to the sentence that names a value which is there."""
    for path, wanted in ((alias, False), (name, True)):
        values: Any = VALUES
        schema: Any = SCHEMA
        known = False
        for part in path.split("."):
            known = isinstance(values, dict) and part in values
            values = values[part] if known else None
            schema = resolve(schema["properties"][part])
        assert known is wanted, path


def test_an_umbrella_chart_may_switch_it_and_keep_notes() -> None:
    """`enabled` for a parent's condition, and keys that begin with x- or _, are let through."""
    assert SCHEMA["properties"]["enabled"] == {"type": "boolean"}
    assert SCHEMA["patternProperties"] == {"^(x-|_)": {}}


def test_sections_of_the_chart_take_no_unknown_keys() -> None:
    """Every section whose keys the chart knows refuses others; what is Kubernetes' own is open."""
    open_ones = {
        name
        for name, schema in SCHEMA["properties"].items()
        if schema.get("type") == "object" and schema.get("additionalProperties") is not False
    }
    assert open_ones == {
        "global",
        "updateStrategy",
        "containerSecurityContext",
        "podSecurityContext",
        "affinity",
        "dnsConfig",
        "lifecycle",
    }


def test_every_value_is_described() -> None:
    """Each value has a `# --` comment, but for sections whose own values have."""
    text = (CHART / "values.yaml").read_text(encoding="utf-8")
    described = {path for path, _ in list_described(text)}

    def missing(values: dict[str, Any], where: str) -> list[str]:
        found = []
        for key, value in values.items():
            path = f"{where}{key}"
            if path in described:
                continue
            found += missing(value, f"{path}.") if isinstance(value, dict) and value else [path]
        return found

    assert missing(VALUES, "") == []


def test_every_setting_has_its_value() -> None:
    """The templates know every setting of the program, and no flag that it does not have."""
    known = {setting.name for setting in SETTINGS}

    assert "- name: ENDPOINTS_EXPORTER_SHARD\n" in TEMPLATES  # each Pod has another
    assert {*FLAGS.findall(TEMPLATES), "shard"} == known - NOT_IN_A_POD


@pytest.mark.parametrize(
    "name, field",
    [
        ("sync", "sync"),
        ("listMode", "list_mode"),
        ("interval", "interval"),
        ("pageSize", "page_size"),
        ("source", "source"),
        ("defaultMinReady", "default_min_ready"),
        ("gracePeriod", "grace_period"),
        ("lagThreshold", "lag_threshold"),
        ("maxConnections", "web_max_connections"),
        ("firstRequestTimeout", "web_first_request_timeout"),
        ("idleTimeout", "web_idle_timeout"),
        ("answerTimeout", "web_answer_timeout"),
        ("stallTimeout", "web_stall_timeout"),
        ("auth", "web_auth"),
    ],
)
def test_defaults_are_those_of_the_program(name: str, field: str) -> None:
    """The templates leave defaults out, so the chart's have to be the program's."""
    [setting] = [one for one in SETTINGS if one.field == field]

    assert setting.kind.parse(str(VALUES["config"][name])) == getattr(Settings(), field)


def test_the_default_interval_of_messages_is_that_of_the_program() -> None:
    """It is left out too, and stands with the receiver."""
    [setting] = [one for one in SETTINGS if one.field == "notify_interval"]

    assert setting.kind.parse(VALUES["notify"]["interval"]) == Settings().notify_interval


def test_groups_are_those_of_the_program() -> None:
    """The schema takes exactly the groups that can be switched on, and those that can be off."""
    config = SCHEMA["properties"]["config"]["properties"]

    assert set(config["groups"]["items"]["enum"]) == {*Group} - {Group.CORE}
    assert set(config["noGroups"]["items"]["enum"]) == DEFAULT_GROUPS - {Group.CORE}


def test_versions_agree() -> None:
    """Chart and program carry the same version."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))

    assert chart["appVersion"] == exporter.__version__
    assert chart["version"] == exporter.__version__
