"""Every word a person reads is in genai/strings, in both languages, and every string there is used."""

from __future__ import annotations

import ast
import json
import re
import string
from collections.abc import Iterator

import pytest
from conftest import ROOT

from genai.errors import UserError
from genai.strings import LANGUAGES, table, text

PYTHON = sorted([*(ROOT / "genai").rglob("*.py"), ROOT / "train.py", ROOT / "app.py"])
ASSETS = ROOT / "genai" / "ui" / "assets"
SCRIPTS = sorted([*ASSETS.glob("*.js"), *ASSETS.glob("*.html")])


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in PYTHON:
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def user_errors() -> Iterator[tuple[str, ast.Call]]:
    """Every UserError(...) in the source, with where it stands."""
    for place, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "UserError":
                yield f"{place}:{node.lineno}", node


def words() -> Iterator[tuple[str, str]]:
    """(where, a regular expression) for every key that the source names; an f-string's hole is one word."""
    for place, tree in trees():
        parts_of_f = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                parts_of_f |= {id(part) for part in node.values}
                parts = [re.escape(p.value) if isinstance(p, ast.Constant) else r"\w+" for p in node.values]
                if parts[0].startswith(r"ui\."):
                    yield place, "".join(parts)
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                if re.fullmatch(r"(ui|errors)\.[\w.]+", node.value) and id(node) not in parts_of_f:
                    yield place, re.escape(node.value)
                yield from ((place, re.escape(key)) for key in keys_in(node.value))
    for path in SCRIPTS:
        source = path.read_text(encoding="utf-8")
        yield from ((path.name, re.escape(key)) for key in keys_in(source))
        for family in re.findall(r"`(ui\.[^`]*)`", source):
            yield path.name, r"\w+".join(map(re.escape, re.split(r"\$\{[^}]*\}", family)))


def keys_in(source: str) -> list[str]:
    """What HTML and JavaScript name: data-t="ui.seed", genai.t("ui.seed"), flash(button, "ui.saved")."""
    return re.findall(r"""["'](ui\.[\w.]+)["']""", source)


def test_both_languages_say_the_same_things():
    first, *others = LANGUAGES
    for lang in others:
        assert table(lang).keys() == table(first).keys()
        for key, template in table(first).items():
            assert placeholders(table(lang)[key]) == placeholders(template), key


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_string_is_empty_or_given_twice(lang):
    def once(pairs):
        names = [name for name, _ in pairs]
        assert len(names) == len(set(names)), f"given twice: {[n for n in names if names.count(n) > 1]}"
        return dict(pairs)

    source = (ROOT / "genai" / "strings" / f"{lang}.json").read_text(encoding="utf-8")
    json.loads(source, object_pairs_hook=once)
    for key, template in table(lang).items():
        assert isinstance(template, str) and template.strip() == template != "", key


def test_every_string_is_translated():
    untranslated = [key for key, words in table("zh").items() if not re.search(r"[\u4e00-\u9fff]", words)]
    names = [key for key in untranslated if table("zh")[key] == table("en")[key] and len(table("zh")[key]) < 12]
    assert untranslated == names, "these are left in English"


def test_every_error_has_its_words_and_every_word_its_error():
    used: dict[str, str] = {}
    for place, call in user_errors():
        if isinstance(call.args[0], ast.Constant):
            used[f"errors.{call.args[0].value}"] = place
        else:
            assert place.startswith("genai/errors.py"), f"{place}: write the code out, so that it can be found"
    for place, pattern in words():
        used |= {key: place for key in table("en") if key.startswith("errors.") and re.fullmatch(pattern, key)}
    missing = {key: place for key, place in used.items() if key not in table("en")}
    assert not missing, missing
    unused = {key for key in table("en") if key.startswith("errors.")} - used.keys()
    assert not unused, unused


def test_every_error_is_given_what_its_words_name():
    for place, call in user_errors():
        given = {keyword.arg for keyword in call.keywords}
        if None not in given and isinstance(call.args[0], ast.Constant):
            wanted = placeholders(table("en")[f"errors.{call.args[0].value}"])
            assert wanted == given, f"{place}: its words name {wanted}, it is given {given}"


def test_every_word_on_the_page_exists_and_is_used():
    patterns = [(place, pattern) for place, pattern in words() if pattern.startswith("ui")]
    assert len(patterns) > 50
    known = {key for key in table("en") if key.startswith("ui.")}
    used = set()
    for place, pattern in patterns:
        meant = {key for key in known if re.fullmatch(pattern, key)}
        assert meant, f"{place} names {pattern}, which is no string"
        used |= meant
    assert not known - used, f"used nowhere: {sorted(known - used)}"


def test_every_verdict_and_tab_has_its_words():
    from genai.ui import TABS

    for verdict in ("identical", "within_tolerance", "unverified", "different", "other_checkpoint"):
        assert f"ui.open.{verdict}" in table("en")
    assert {key for key in table("en") if key.startswith("ui.tabs.")} == {f"ui.tabs.{tab.id}" for tab in TABS}


def test_every_data_set_s_classes_have_a_name():
    from genai.data import DATASETS, about

    for name in DATASETS:
        assert f"ui.labels.{about(name).label}" in table("en"), name


def test_messages_are_filled_and_bounded():
    deep: list = []
    for _ in range(5000):
        deep = [deep]
    for value in (
        None,
        True,
        [],
        "",
        "x" * 3_000_000,
        ["x" * 3_000_000],
        deep,
        10**5000,
        "{name} {value.real}",
        "\ud83d",
    ):
        error = UserError("bad_choice", name="label", value=value, choices=["a", "b"])
        for lang in LANGUAGES:
            message = error.message(lang)
            message.encode()
            assert "label" in message and "a, b" in message and len(message) < 400
    assert "label cannot be []" in str(UserError("bad_choice", name="label", value=[], choices=["a"]))
    assert "{name} {value.real}" in str(UserError("stray_word", value="{name} {value.real}"))
    assert text("fr", "ui.seed") == text("en", "ui.seed")
