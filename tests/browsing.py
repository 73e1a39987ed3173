"""A real browser for tests: Chromium, a fresh visitor on the open page, and what a person does there."""

from __future__ import annotations

import shutil

import pytest

PATIENCE = 180  # seconds: the longest wait for anything, on however busy a machine
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: install it to test the page")


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            timeout=1000 * PATIENCE,
            args=["--no-sandbox", "--disable-background-networking", "--disable-gpu"],
        )
        yield browser
        browser.close()


@pytest.fixture
def page(browser, studio):
    """A fresh visitor on the open page; fails on any JavaScript error."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 1000},
        locale="en-US",
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(1000 * PATIENCE)
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield opened(page, studio.url)
    context.close()
    assert not errors, errors


def opened(page, url: str):
    page.goto(url)
    page.wait_for_function("window.genai?.stages?.['gan-grid']?.last")
    return page


def source(page, selector: str) -> str:
    return page.locator(selector).get_attribute("src")


def wait_for_change(page, selector: str, before: str) -> str:
    page.wait_for_function(
        "([s, before]) => document.querySelector(s).src !== before && document.querySelector(s).complete",
        arg=[selector, before],
    )
    return source(page, selector)


def copied(page, button: str) -> str:
    """What a button puts on the clipboard, when it has."""
    page.evaluate("navigator.clipboard.writeText('')")
    page.locator(button).click()
    return page.wait_for_function("navigator.clipboard.readText()").json_value()


def wait_value(page, selector: str, value: str) -> None:
    """Until an input holds it."""
    page.wait_for_function("([s, value]) => document.querySelector(s)?.value === value", arg=[selector, value])


def open_tab(page, *names: str) -> None:
    """A tab, then a view inside it."""
    for name in names:
        page.get_by_role("tab", name=name, exact=True).click()


def drag_slider(page, elem_id: str, value: str) -> None:
    """Move a range input the way a drag does: an input event for every step on the way."""
    page.locator(f"#{elem_id} input[type=range]").evaluate(
        """(node, value) => {
          const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
          set.call(node, value);
          node.dispatchEvent(new Event("input", { bubbles: true }));
          node.dispatchEvent(new Event("change", { bubbles: true }));
        }""",
        value,
    )
