"""Every setting is listed in .env.example with its default, and nothing else is."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from kling_saas import environment, environment_files, services
from tests.installation import ROOT

READERS = {"text", "flag", "integer", "positive", "words"}
APPS = ("kling_saas", "generations", "billing", "webhooks", "accounts", "worker", "kling")
# Read before there are settings; written down in the head of .env.example or for processes only.
NOT_FOR_OPERATORS = {"ENV_FILE", "DJANGO_SETTINGS_MODULE", "VAR_DIR"}


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Each `environment.reader("NAME", …)` of the product."""
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and isinstance(node.func.value, ast.Name)
                    and node.func.value.id == "environment"
                    and node.func.attr in READERS
                ):
                    assert isinstance(node.args[0], ast.Constant), f"{path}: a name that is made"
                    yield str(node.args[0].value), node


def default_of(call: ast.Call) -> object:
    """The default if it stands in the code as it is; an empty text if it is made there."""
    given = call.args[1:2] or [k.value for k in call.keywords if k.arg == "default"]
    return given[0].value if given and isinstance(given[0], ast.Constant) else ""


def listed() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line[1:].split("=", 1) for line in lines if re.match(r"#[A-Z_]+=", line))


def as_text(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def test_it_lists_what_is_read_and_nothing_else() -> None:
    assert set(listed()) == {name for name, _ in calls()}


def test_it_says_the_defaults_that_the_code_has() -> None:
    defaults: dict[str, set[str]] = {}
    for name, call in calls():
        made = call.func.attr == "flag" and not call.keywords  # type: ignore[attr-defined]
        defaults.setdefault(name, set()).add("off" if made else as_text(default_of(call)))
    for name, value in listed().items():
        assert value in defaults[name], f"{name}: {value!r} is not among {defaults[name]}"


def test_nothing_reads_the_environment_past_it() -> None:
    pattern = re.compile(r"os\.(?:environ(?:\.get\(|\[)|getenv\()[\"'](\w+)")
    allowed = set(listed()) | NOT_FOR_OPERATORS | {"SIMULATOR_KEY"}
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            for name in pattern.findall(path.read_text()):
                assert name in allowed or name.startswith("SIMULATOR_"), f"{path} reads {name}"


def test_a_value_may_come_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("from the file\n")
    monkeypatch.setenv("SOME_SECRET_FILE", str(tmp_path / "secret"))
    assert environment.text("SOME_SECRET", "default") == "from the file"
    monkeypatch.setenv("SOME_SECRET", "and from here")
    with pytest.raises(ImproperlyConfigured, match="not both"):
        environment.text("SOME_SECRET")


@pytest.mark.parametrize("value", ["maybe", "2", "onn"])
def test_it_refuses_a_flag_that_is_none(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_FLAG", value)
    with pytest.raises(ImproperlyConfigured, match="SOME_FLAG must be on or off"):
        environment.flag("SOME_FLAG")


@pytest.mark.parametrize("value", ["0", "65536", "99999", "-1", "80.5", "http", "9" * 5000])
def test_it_refuses_a_number_out_of_bounds(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_PORT", value)
    with pytest.raises(ImproperlyConfigured, match=r"SOME_PORT must be .* from 1 to 65535, not"):
        environment.integer("SOME_PORT", 80, least=1, most=65535)
    monkeypatch.setenv("SOME_PORT", "65535")
    assert environment.integer("SOME_PORT", 80, least=1, most=65535) == 65535


@pytest.mark.parametrize(
    "url",
    [
        *("garbage", "postgres", "mysql://user:hush@host/name", "postgres://user:hush@host:x/name"),
        *("postgres://user:hush@[::1/name", "foo://user:hush@host/name", ":", "//"),
    ],
)
def test_it_refuses_a_database_that_is_none(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL must be") as refusal:
        services.database(url)
    assert "hush" not in str(refusal.value)


@pytest.mark.parametrize("command", ["serve", "worker", "prepare"])
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "99999", "PORT must be a whole number from 1 to 65535, not '99999'."),
        ("DATABASE_URL", "garbage", "DATABASE_URL must be sqlite:///… or postgres://…"),
    ],
)
def test_a_command_says_what_is_wrong_in_one_line(
    tmp_path: Path, command: str, name: str, value: str, said: str
) -> None:
    ended = manage(command, **{"VAR_DIR": str(tmp_path), name: value})
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", f"{said}\n")


def test_a_command_shows_where_if_it_is_asked(tmp_path: Path) -> None:
    ended = manage("prepare", "--traceback", VAR_DIR=str(tmp_path), PORT="99999")
    assert ended.returncode == 1
    assert ended.stderr.startswith("Traceback")


def test_a_command_hides_no_other_error(tmp_path: Path) -> None:
    ended = manage("check", VAR_DIR=str(tmp_path), DJANGO_SETTINGS_MODULE="nowhere.settings")
    assert ended.returncode == 1
    assert "Traceback" in ended.stderr
    assert "ModuleNotFoundError: No module named 'nowhere'" in ended.stderr


def manage(*arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env={**os.environ, "ENV_FILE": "", **changed},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_file_adds_and_the_environment_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "settings.env"
    file.write_text("# a comment\nSOME_NEW=from the file\nSOME_OLD=from the file\n")
    monkeypatch.setenv("ENV_FILE", str(file))
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    monkeypatch.setenv("SOME_OLD", "real")
    monkeypatch.setenv("SOME_NEW", "")
    monkeypatch.delenv("SOME_NEW")
    environment_files.load()
    assert environment.text("SOME_NEW") == "from the file"
    assert environment.text("SOME_OLD") == "real"
