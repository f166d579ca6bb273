"""Every setting is listed in .env.example with its default, and nothing else is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from kling_saas import environment, environment_files
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
