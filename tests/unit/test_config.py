from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import get_args, get_type_hints

import pytest

from exporter.catalogue import DEFAULT_GROUPS, Group
from exporter.config import (
    SETTINGS,
    Setting,
    Settings,
    SettingsError,
    add_flags,
    change,
    describe_unknown_flags,
    is_read_alike,
    load_settings,
    render_configuration_markdown,
)
from exporter.model import Source, SyncMode
from exporter.objects.selector_text import find_fault


def load(
    flags: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    file: str | bytes | None = None,
    command: str = "run",
) -> Settings:
    """Load settings as the command would, from these flags, variables and this file."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    add_flags(parser, command)
    words = [*flags, *(["--config", "c.yaml"] if file is not None else [])]
    args, unknown = parser.parse_known_args(words)
    content = file.encode() if isinstance(file, str) else file or b""
    return load_settings(
        args,
        env or {},
        read=lambda _path: content,
        faults=describe_unknown_flags(command, unknown),
    )


def faults(
    flags: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    file: str | bytes | None = None,
    command: str = "run",
) -> tuple[str, ...]:
    """The lines that say what is wrong."""
    with pytest.raises(SettingsError) as caught:
        load(flags, env, file, command)
    return caught.value.lines


# ── the declarations ─────────────────────────────────────────────────────────────────────────


def test_defaults_hold_when_nothing_is_set() -> None:
    """With no flag, variable or file every setting has its documented default."""
    assert load() == Settings()
    assert Settings() == Settings(
        kubeconfig=None,
        context=None,
        sync=SyncMode.AUTO,
        interval=30.0,
        page_size=500,
        source=Source.ENDPOINTSLICES,
        namespaces=(),
        namespaces_denylist=(),
        service_selector="",
        pods=True,
        nodes=True,
        workloads=True,
        default_min_ready=1,
        grace_period=60.0,
        lag_threshold=60.0,
        shard=0,
        total_shards=1,
        leader_lease=None,
        groups=(),
        no_groups=(),
        labels_allowlist=(),
        annotations_allowlist=(),
        addresses_namespaces=(),
        web_listen_address=(("", 9769),),
        web_config_file=None,
        web_max_connections=512,
        log_format="auto",
        log_level="info",
    )


def test_each_setting_is_declared_for_its_own_field() -> None:
    """The name of a setting gives the name of its field, so that neither can drift."""
    hints = get_type_hints(Settings, include_extras=True)
    assert {setting.field: setting for setting in SETTINGS} == {
        field: next(each for each in get_args(hint) if isinstance(each, Setting))
        for field, hint in hints.items()
    }


@pytest.mark.parametrize(
    "setting", [each for each in SETTINGS if not each.none], ids=lambda each: each.name
)
def test_default_as_shown_is_the_default(setting: Setting) -> None:
    """What documentation shows as default gives, when written down, the same value."""
    shown = setting.kind.show(getattr(Settings(), setting.field))
    assert setting.kind.parse(shown) == getattr(Settings(), setting.field)


# ── where values come from ───────────────────────────────────────────────────────────────────


def test_flag_wins_over_environment_over_file_over_default() -> None:
    """Each source gives way to the one nearer to the user."""
    file, env, flags = "interval: 40s", {"ENDPOINTS_EXPORTER_INTERVAL": "50s"}, ["--interval=60s"]
    assert load(flags, env, file).interval == 60.0
    assert load([], env, file).interval == 50.0
    assert load([], {}, file).interval == 40.0
    assert load().interval == 30.0


def test_list_of_a_nearer_source_replaces_the_whole_list() -> None:
    """Lists of two sources are not mixed: who sets a flag knows what will be read."""
    assert load(["--namespaces=a"], {"ENDPOINTS_EXPORTER_NAMESPACES": "b,c"}).namespaces == ("a",)


@pytest.mark.parametrize(
    "flags,env,file",
    [
        (["--namespaces=a,b", "--namespaces", "c"], {}, None),
        (["--namespaces", " a, b ,c,a"], {}, None),
        ([], {"ENDPOINTS_EXPORTER_NAMESPACES": "a,b,c"}, None),
        ([], {}, "namespaces: a,b,c"),
        ([], {}, "namespaces: [a, b, c]"),
        ([], {}, "namespaces:\n- a\n- b,c\n- a\n"),
    ],
)
def test_lists_can_be_written_in_every_way(
    flags: list[str], env: dict[str, str], file: str | None
) -> None:
    """Commas, repeated flags and YAML lists mean the same; nothing is listed twice."""
    assert load(flags, env, file).namespaces == ("a", "b", "c")


def test_last_of_a_repeated_flag_holds() -> None:
    """A flag that takes one value takes the last, so that a wrapper's flag can be overruled."""
    assert load(["--sync=poll", "--sync=watch"]).sync is SyncMode.WATCH


def test_empty_list_overrules() -> None:
    """An empty flag, or an empty list in the file, sets an empty list."""
    assert load(["--namespaces="], {"ENDPOINTS_EXPORTER_NAMESPACES": "b"}).namespaces == ()
    assert load([], {}, "namespaces: []").namespaces == ()


def test_empty_variable_and_empty_key_count_as_not_set() -> None:
    """Charts write empty variables and keys for values that nobody gave."""
    env = {"ENDPOINTS_EXPORTER_INTERVAL": "", "ENDPOINTS_EXPORTER_NAMESPACES": " "}
    assert load([], env, "sync:\nlog.level: ''\nweb.config.file: null\n") == Settings()


def test_file_may_nest_at_the_dots() -> None:
    """`web: {listen-address: …}` is the key `web.listen-address`."""
    web = "web:\n  listen-address: ['[::1]:80', ':81']\n  config: {file: x.yaml}\n"
    file = f"{web}log: {{level: debug}}"
    settings = load([], {}, file)
    assert settings.web_listen_address == (("::1", 80), ("", 81))
    assert settings.web_config_file == "x.yaml"
    assert settings.log_level == "debug"


def test_file_keeps_words_that_yaml_would_change() -> None:
    """`off`, `1234` and `1e3` stay what was written, not False or numbers."""
    settings = load([], {}, "pods: off\nnodes: auto\nnamespaces: [1234, off, 1e3]\ncontext: 012")
    assert (settings.pods, settings.nodes) == (False, True)
    assert settings.namespaces == ("1234", "off", "1e3")
    assert settings.context == "012"


def test_file_is_named_by_flag_or_variable() -> None:
    """`--config` wins over its variable; without both no file is read."""
    parser = argparse.ArgumentParser()
    add_flags(parser, "run")
    files = {"a": b"interval: 1m", "b": b"interval: 2m"}
    env = {"ENDPOINTS_EXPORTER_CONFIG": "b"}
    seen = [
        load_settings(parser.parse_args(flags), variables, read=files.__getitem__).interval
        for flags, variables in (([], {}), ([], env), (["--config=a"], env))
    ]
    assert seen == [30.0, 120.0, 60.0]


@pytest.mark.parametrize("file", ["", "# only a comment\n", "---\n", "null\n", "\ufeff"])
def test_empty_file_sets_nothing(file: str) -> None:
    """A file without keys is as good as none."""
    assert load([], {}, file) == Settings()


def test_settings_of_other_commands_are_left_alone() -> None:
    """One file serves all commands: what a command does not take is checked and not used."""
    assert load([], {}, "web.max-connections: 3", "get").web_max_connections == 3
    assert len(faults([], {}, "web.max-connections: three", "get")) == 1


# ── what values are taken ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text,seconds",
    [
        ("1", 1.0),
        ("90", 90.0),
        ("1.5", 1.5),
        ("1500ms", 1.5),
        ("30s", 30.0),
        ("5m", 300.0),
        ("1m30s", 90.0),
        ("1.5m", 90.0),
        ("1h30m", 5400.0),
        ("1d", 86400.0),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    """Plain seconds and numbers with units, several of them too, are durations."""
    assert load([f"--interval={text}"]).interval == seconds


@pytest.mark.parametrize(
    "text,problem",
    [
        ("30x", "30x is not a duration"),
        ("", '"" is not a duration'),
        ("-5s", "-5s is not a duration"),
        ("5 m", "5 m is not a duration"),
        ("1e3", "1e3 is not a duration"),
        ("nan", "nan is not a duration"),
        ("٣s", "٣s is not a duration"),
        ("999ms", "999ms is too short"),
        ("25h", "25h is too long"),
        ("9" * 400, "9" * 59 + "… is too long"),
    ],
)
def test_bad_durations(text: str, problem: str) -> None:
    """A bad duration is told with what is taken instead, and cut when it is long."""
    takes = "takes seconds or a duration such as 30s, 5m, from 1s to 1d"
    assert faults([f"--interval={text}"]) == (f"--interval: {problem}; {takes}",)


@pytest.mark.parametrize(
    "text,value",
    [
        (":9769", ("", 9769)),
        ("127.0.0.1:80", ("127.0.0.1", 80)),
        ("[::]:0", ("::", 0)),
        ("[fe80::1%eth0]:80", ("fe80::1%eth0", 80)),
        ("localhost:65535", ("localhost", 65535)),
    ],
)
def test_listen_addresses(text: str, value: tuple[str, int]) -> None:
    """Host and port are taken apart; IPv6 stands in brackets; no host means all addresses."""
    assert load([f"--web.listen-address={text}"]).web_listen_address == (value,)


@pytest.mark.parametrize(
    "text", ["9769", "::1:80", "host:", "host:http", ":65536", "a b:1", "[::1]"]
)
def test_bad_listen_addresses(text: str) -> None:
    """What could be read in two ways, or has no port, is refused."""
    (line,) = faults(["--web.listen-address", text])
    assert line.startswith(f"--web.listen-address: {text} ")
    assert "takes [HOST]:PORT such as :9769, 127.0.0.1:9769 or [::1]:9769" in line


def test_empty_list_of_addresses_is_refused() -> None:
    """A server that listens nowhere is a mistake."""
    assert faults([], {}, "web.listen-address: []")[0].startswith(
        "c.yaml line 1: web.listen-address: names no address; takes "
    )


@pytest.mark.parametrize(
    "selector",
    [
        "app=web",
        "app==web,tier!=cache",
        " app = web , !legacy ",
        "example.com/part-of in (a, b,c_d)",
        "track notin (canary)",
        "present",
        "empty=",
        "weight>3,weight<9",
        "track in (a,),x",
        "",
    ],
)
def test_selectors(selector: str) -> None:
    """Everything that the API server takes as label selector is taken as it is."""
    assert load([f"--service-selector={selector}"]).service_selector == selector


@pytest.mark.parametrize(
    "selector,fault",
    [
        ("app=web,", '""'),
        ("app=we b", "app=we b"),
        ("=web", "=web"),
        ("app in web", "app in web"),
        ("app in ()extra", "app in ()extra"),
        ("tier=ok,app=-x", "app=-x"),
        ("a/b/c=d", "a/b/c=d"),
        ("Example.com/a=b", "Example.com/a=b"),
        ("a=" + "x" * 64, "a=" + "x" * 57 + "…"),
        ("x>high", "x>high"),
    ],
)
def test_bad_selectors(selector: str, fault: str) -> None:
    """The requirement at fault is named."""
    (line,) = faults(["--service-selector", selector])
    if selector.endswith(","):
        fault = selector
    assert line.startswith(f"--service-selector: {fault} is not a label selector; takes a label")


@pytest.mark.parametrize(
    "flag,problem",
    [
        ("--sync=Watch", "--sync: Watch is unknown; takes watch, poll or auto"),
        ("--pods=on", "--pods: on is unknown; takes auto or off"),
        ("--page-size=0", "--page-size: 0 is too small; takes a whole number from 1 to 10000"),
        (
            "--page-size=1.5",
            "--page-size: 1.5 is not a whole number; takes a whole number from 1 to 10000",
        ),
        (
            "--page-size=10001",
            "--page-size: 10001 is too large; takes a whole number from 1 to 10000",
        ),
        ("--kubeconfig=", '--kubeconfig: "" says nothing; takes the path of a kubeconfig file'),
        (
            "--namespaces=a,,b",
            (
                '--namespaces: "" is not the name of a namespace; takes names of '
                "namespaces; several separated by commas"
            ),
        ),
        (
            "--namespaces=Shop",
            (
                "--namespaces: Shop is not the name of a namespace; takes names of "
                "namespaces; several separated by commas"
            ),
        ),
        (
            "--labels-allowlist=a b",
            (
                "--labels-allowlist: a b is not the name of a label or "
                "annotation; takes names of labels or annotations, * is a wildcard; several "
                "separated by commas"
            ),
        ),
        (
            "--no-groups=core",
            (
                "--no-groups: core is unknown; takes ports, topology, slices, "
                "changes, pods, dependents, routes, labels, addresses or compatibility; several "
                "separated by commas"
            ),
        ),
    ],
)
def test_bad_values(flag: str, problem: str) -> None:
    """One line names the setting, what was given and what it takes."""
    assert faults([flag]) == (problem,)


# ── all that is wrong ────────────────────────────────────────────────────────────────────────


def test_all_faults_are_listed_at_once() -> None:
    """Everything wrong or unknown has its line, with the name that the user wrote."""
    assert faults(
        ["--intervl=3s", "--page-size=x", "stray"],
        {
            "ENDPOINTS_EXPORTER_SYNC": "wacth",
            "ENDPOINTS_EXPORTER_LOG_LEVLE": "info",
            "OTHER": "ignored",
        },
        "web:\n  listen-addres: ':1'\ninterval: soon\nsource: {a: 1}\nsync: [watch]\n",
    ) == (
        "--intervl: no such flag; did you mean --interval?",
        "stray: `run` does not take this argument",
        "c.yaml line 2: web.listen-addres: no such setting; did you mean web.listen-address?",
        "c.yaml line 4: source.a: no such setting; did you mean source?",
        "c.yaml line 5: sync: is not a plain value; takes watch, poll or auto",
        (
            "ENDPOINTS_EXPORTER_LOG_LEVLE: no such environment variable; did you mean "
            "ENDPOINTS_EXPORTER_LOG_LEVEL?"
        ),
        (
            "c.yaml line 3: interval: soon is not a duration; takes seconds or a duration such as "
            "30s, 5m, from 1s to 1d"
        ),
        "ENDPOINTS_EXPORTER_SYNC: wacth is unknown; takes watch, poll or auto",
        "--page-size: x is not a whole number; takes a whole number from 1 to 10000",
    )


def test_bad_value_is_told_even_where_a_nearer_source_wins() -> None:
    """A mistake in the file does not lie in wait until the flag is dropped."""
    assert len(faults(["--interval=60"], {}, "interval: soon")) == 1


def test_error_lines_are_lines() -> None:
    """A value with newlines or escapes can't break the one line it is told in."""
    (line,) = faults([], {"ENDPOINTS_EXPORTER_SYNC": "a\nb\x1b[31m"})
    assert line == (
        'ENDPOINTS_EXPORTER_SYNC: "a\\nb\\u001b[31m" is unknown; takes watch, poll or auto'
    )


def test_contradictions_name_both_places() -> None:
    """What is asked for and excluded at once is refused, naming who says what."""
    assert faults(
        ["--groups=topology,changes", "--namespaces=a"],
        {"ENDPOINTS_EXPORTER_NO_GROUPS": "topology,ports"},
        "namespaces-denylist: [a, b]",
    ) == (
        "ENDPOINTS_EXPORTER_NO_GROUPS: topology stands in --groups too; takes what is not there",
        "c.yaml line 1: namespaces-denylist: a stands in --namespaces too; takes what is not there",
    )


@pytest.mark.parametrize(
    "flags,line",
    [
        (
            ["--notify.url=https://host/secret", "--notify.url-file=f"],
            "--notify.url: --notify.url-file names a receiver too; takes one of them",
        ),
        (
            ["--notify.url=https://me:secret@host/", "--notify.token-file=f"],
            "--notify.token-file: the receiver's URL has a login too; takes one of them",
        ),
        (
            ["--notify.token-file=f"],
            "--notify.token-file: there is no receiver; takes --notify.url besides",
        ),
        (
            ["--notify.ca-file=f"],
            "--notify.ca-file: there is no receiver; takes --notify.url besides",
        ),
        (
            ["--notify.url=htp://me:secret@host/"],
            (
                "--notify.url: … is not such a URL; takes an http or https URL such as "
                "https://example.com/hook"
            ),
        ),
    ],
)
def test_receivers_that_can_not_be(flags: list[str], line: str) -> None:
    """What contradicts itself, or is for nobody, is refused without a word of the URL."""
    assert faults(flags) == (line,)


def test_whom_changes_are_told_may_change_without_reading_anew() -> None:
    """Every setting of it may change at run time, and alone is read alike; another is not."""
    before, fresh = Settings(), Settings(notify_url="https://host/", events=True)
    assert change(before, fresh) == (fresh, ())
    assert is_read_alike(before, fresh)
    assert not is_read_alike(before, Settings(events=True, pods=False))


@pytest.mark.parametrize(
    "content,problem",
    [
        (b"a: [1", "line 1 is not YAML: expected ',' or ']', but got '<stream end>'"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (b"- a\n- b\n", "line 1 must hold `key: value` lines"),
        (b"just words", "line 1 must hold `key: value` lines"),
        (b"sync: poll\nsync: watch\n", "line 2 sync stands in line 1 already"),
        (b"log.level: info\nlog: {level: debug}\n", "line 2 log.level stands in line 1 already"),
        (b"? [a]\n: 1\n", "line 1 a key must be a plain word"),
        (
            b"a: \x00\n",
            ("is not YAML: special characters are not allowed"),
        ),
        (b"[" * 100000, "line 1 is nested too deeply"),
        (b"sync: !!python/object:os.system x", None),
    ],
)
def test_unusable_file_is_one_line(content: bytes, problem: str | None) -> None:
    """A file that is no configuration is told in one line, with the place of the fault."""
    lines = faults([], {}, content)
    if problem is not None:
        assert lines == (f"--config: c.yaml {problem}",)
    else:
        assert lines == ("c.yaml line 1: sync: x is unknown; takes watch, poll or auto",)


def test_file_with_an_alias_to_itself_ends() -> None:
    """A map that contains itself is told with its line, not an endless loop."""
    (line,) = faults([], {}, "web: &w\n  again: *w\n")
    assert line == "--config: c.yaml line 2 is not taken: it has an alias (*)"


def test_missing_file_is_one_line() -> None:
    """A file that can't be read is told with the system's reason, naming who asked for it."""
    parser = argparse.ArgumentParser()
    add_flags(parser, "run")
    for flags, env, where in (
        (["--config=/no/such.yaml"], {}, "--config"),
        ([], {"ENDPOINTS_EXPORTER_CONFIG": "/no/such.yaml"}, "ENDPOINTS_EXPORTER_CONFIG"),
    ):
        with pytest.raises(SettingsError) as caught:
            load_settings(parser.parse_args(flags), env)
        assert caught.value.lines == (
            f"{where}: /no/such.yaml can't be read: No such file or directory",
        )


def test_variables_that_kubernetes_sets_for_services_are_no_mistake() -> None:
    """A Service called endpoints-exporter in the same namespace must not stop the start."""
    link = "ENDPOINTS_EXPORTER"
    assert (
        load(
            [],
            {
                f"{link}_SERVICE_HOST": "10.0.0.1",
                f"{link}_SERVICE_PORT": "9769",
                f"{link}_SERVICE_PORT_HTTP_METRICS": "9769",
                f"{link}_PORT": "tcp://10.0.0.1:9769",
                f"{link}_PORT_9769_TCP": "tcp://10.0.0.1:9769",
                f"{link}_PORT_9769_TCP_PROTO": "tcp",
                f"{link}_PORT_9769_TCP_PORT": "9769",
                f"{link}_PORT_9769_TCP_ADDR": "10.0.0.1",
                f"{link}_CANARY_SERVICE_HOST": "10.0.0.2",
                f"{link}_CANARY_PORT": "tcp://10.0.0.2:9769",
            },
        )
        == Settings()
    )
    assert faults([], {f"{link}_PORT": "9090"}) == (
        "ENDPOINTS_EXPORTER_PORT: no such environment variable",
    )


def test_unknown_flags_are_told_apart() -> None:
    """A setting of another command is not called unknown; a command's own flags are guessed too."""
    assert describe_unknown_flags(
        "check", ["--web.listen-address=:1", "--min-redy", "--zzz", "-q"], ["--min-ready"]
    ) == [
        "--web.listen-address: `check` does not take this setting",
        "--min-redy: no such flag; did you mean --min-ready?",
        "--zzz: no such flag",
        "-q: no such flag",
    ]


# ── groups ───────────────────────────────────────────────────────────────────────────────────


def test_groups_add_to_and_take_from_the_defaults() -> None:
    """`--groups` adds, `--no-groups` takes away, the rest stays as it is by default."""
    assert Settings().enabled_groups() == DEFAULT_GROUPS
    settings = load(["--groups=topology,changes", "--no-groups=ports"])
    assert settings.groups == (Group.TOPOLOGY, Group.CHANGES)
    assert settings.enabled_groups([Group.CORE, Group.PORTS]) == {
        Group.CORE,
        Group.TOPOLOGY,
        Group.CHANGES,
    }


def test_naming_what_to_export_switches_its_group_on() -> None:
    """An allow-list or a list of namespaces asks for its group, unless that is switched off."""
    core = [Group.CORE]
    assert load(["--labels-allowlist=app"]).enabled_groups(core) == {Group.CORE, Group.LABELS}
    assert load(["--annotations-allowlist=*"]).enabled_groups(core) == {Group.CORE, Group.LABELS}
    assert load(["--addresses-namespaces=a"]).enabled_groups(core) == {
        Group.CORE,
        Group.ADDRESSES,
    }
    switched = load(["--labels-allowlist=app", "--no-groups=labels"])
    assert switched.enabled_groups(core) == {Group.CORE}


# ── help and documentation ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "command", ["run", "scrape", "get", "explain", "check", "wait", "demo", "metrics"]
)
def test_help_shows_the_settings_that_a_command_takes(command: str) -> None:
    """`--help` has each flag of the command with its default, and no other."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    add_flags(parser, command)
    words = parser.format_help().split()
    for setting in SETTINGS:
        assert (setting.flag in words) is (command in setting.commands), setting.name
    assert "--config" in words


def test_page_documents_every_setting() -> None:
    """docs/configuration.md has flag, variable, key, default and commands of each setting."""
    page = render_configuration_markdown()
    for setting in SETTINGS:
        assert page.count(f"### `{setting.flag}`\n") == 1
        assert f"| environment | `{setting.variable}` |" in page
        assert f"| file | `{setting.name}` |" in page
        assert setting.why in page
    assert "| takes | watch, poll or auto |\n| default | `auto` |" in page
    assert "| default | `:9769` |" in page
    assert "## The file of `--web.config.file`\n" in page
    assert page.endswith(".\n")
    assert not page.endswith("\n\n")


# ── shards ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text, number", [("2", 2), ("0", 0), ("exporter-1", 1), ("a-b.c-007", 7)])
def test_a_shard_is_a_number_or_a_pods_name(text: str, number: int) -> None:
    """A StatefulSet's Pod is called after its number, which is the shard's."""
    found = load(["--total-shards=8"], {"ENDPOINTS_EXPORTER_SHARD": text})

    assert (found.shard, found.total_shards) == (number, 8)


@pytest.mark.parametrize(
    "flags, line",
    [
        (
            ["--shard=3", "--total-shards=3"],
            "--shard: 3 is none of 3 shards; takes 0 to 2",
        ),
        (
            ["--shard=0", "--total-shards=2", "--leader-lease=monitoring/exporter"],
            (
                "--leader-lease: of several shards each has to tell its own part; "
                "leave it out, or --total-shards"
            ),
        ),
        (
            ["--leader-lease=exporter"],
            (
                "--leader-lease: exporter is not the name of a Lease in a namespace; "
                "takes the namespace and the name of a Lease, such as monitoring/exporter"
            ),
        ),
        (["--shard=1"], "--shard: 1 is none of 1 shard; takes 0 to 0"),
        (
            ["--total-shards=3"],
            "--total-shards: 3, but nothing says which of them this is; set --shard from 0 to 2",
        ),
        (
            ["--shard=exporter", "--total-shards=1"],
            (
                "--shard: exporter does not end in a number of its own; takes "
                "a whole number from 0, or a name that ends in one, such as exporter-2"
            ),
        ),
    ],
)
def test_shards_that_can_not_be(flags: list[str], line: str) -> None:
    """Two processes that are shard 0 by default would tell everything twice and the rest never."""
    assert faults(flags) == (line,)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 200_000,
        "a." * 100_000 + "/b",
        "a-" * 100_000 + "/!",
        "a in (" + "b," * 100_000,
        "a in (b" + ",b" * 100_000 + ")!",
        "(" * 100_000,
        " " * 100_000 + "!",
        "a in" + " " * 100_000 + "x",
        ("a" * 26 + ".") * 26 + "!/x",
    ],
)
def test_a_selector_of_any_length_is_judged_at_once(text: str) -> None:
    """No text makes the check look back again and again; all of these are refused."""
    assert find_fault(text) is not None
