"""A stranger's requests: what the page refuses before Gradio reads it, and that nothing leaves this machine for one."""

from __future__ import annotations

import http.server
import json
import re
import threading

import httpx
import pytest
import safehttpx

from genai.strings import text
from genai.ui.doors import reading, routes

CHINESE = {"cookie": "genai_lang=zh"}


@pytest.fixture(scope="module")
def web(studio):
    with httpx.Client(base_url=studio.url, timeout=600, trust_env=False) as client:
        yield client


def post(web, path: str, body, **headers) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return web.post(f"gradio_api/{path}", content=content, headers={"content-type": "application/json", **headers})


# -- nothing is fetched --------------------------------------------------------------------------------------


@pytest.fixture
def stranger(monkeypatch):
    """A server of somebody's, which Gradio takes for a public one: (its address, the paths that were asked for)."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.send_header("content-type", "image/png")
            self.send_header("content-length", "4")
            self.end_headers()
            self.wfile.write(b"body" if self.command == "GET" else b"")

        do_HEAD = do_GET

        def log_message(self, *args):
            pass

    monkeypatch.setattr(safehttpx, "is_public_ip", lambda ip: True)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def named(address: str) -> dict:
    """A file object, as Gradio's clients send one."""
    return {"path": address, "meta": {"_type": "gradio.FileData"}}


def posts(address: str) -> list[tuple[str, dict]]:
    """Every way to hand a file object to Gradio, each with an address of its own, which it would not have fetched before."""
    events = [f"run/{i}" for i in range(30)]
    return [
        *((f"run/gan_sample{end}", {"data": [named(f"{address}/run{end}"), 1, "any", 1, "gan-digits"]}) for end in ("", "/")),
        ("api/gan_sample", {"data": [[{"deep": named(f"{address}/deep")}], 1, "any", 1, "gan-digits"]}),
        ("call/gan_sample", {"data": [named(f"{address}/call"), 1, "any", 1, "gan-digits"]}),
        ("call/v2/gan_sample", {"seed": named(f"{address}/v2")}),
        ("run/vae_encode", {"data": [named(f"{address}/picture"), "vae-digits"]}),
        *((e, {"data": [named(f"{address}/{e}")] * 40, "fn_index": i, "session_hash": e}) for i, e in enumerate(events)),
        *(
            ("queue/join", {"data": [named(f"{address}/join{i}")] * 40, "fn_index": i, "session_hash": e})
            for i, e in enumerate(events)
        ),
    ]  # fmt: skip


def test_no_request_makes_the_server_fetch_a_file(web, stranger):
    address, asked = stranger
    for path, body in posts(address):
        answer = post(web, path, body)
        assert answer.status_code == 400 and address in answer.json()["error"], (path, answer.text)
    body = {"data": [named(address), 1, "any", 1, "gan-digits"]}
    for encoding in ("utf-8-sig", "utf-16", "utf-32"):  # as JSON may be written
        assert post(web, "run/gan_sample", json.dumps(body).encode(encoding)).status_code >= 400
    hidden = json.dumps(body).replace("path", "\\u0070ath").replace("http", "\\u0068ttp").encode()
    assert post(web, "run/gan_sample", hidden).status_code == 400
    said = post(web, "run/gan_sample", body, **CHINESE).json()
    assert said["error"] == said["detail"] == text("zh", "errors.remote_file", value=address)
    assert asked == []


@pytest.mark.parametrize("path", ["file=", "file/", "proxy="])
def test_the_page_is_no_proxy(web, stranger, path):
    address, asked = stranger
    for url in (address, f"{address}/x%0Ay", f"{address}/x%3F".replace("://", "%3A%2F%2F")):
        for method in ("GET", "HEAD"):
            answer = web.request(method, f"gradio_api/{path}{url}")
            assert answer.status_code == 403, answer.text
    assert "/gradio_api/info" in web.get(f"gradio_api/{path}{address}").json()["error"]
    assert asked == []


def test_the_fault_is_gradio_s_own(web, stranger, monkeypatch):
    """Without the doors it fetches: what the tests above find closed would be open."""
    monkeypatch.setattr(routes, "CLOSED", re.compile("nothing is closed"))
    monkeypatch.setattr(reading, "address_in", lambda posted: None)
    address, asked = stranger
    assert web.get(f"gradio_api/file={address}/there").content == b"body"
    post(web, "run/gan_sample", {"data": [named(f"{address}/here"), 1, "any", 1, "gan-digits"]})
    assert asked == ["/there", "/here"]


@pytest.mark.parametrize("path", ["process_recording", "vibe-edit", "stream/x", "nothing", "../login", "../monitoring"])
def test_what_the_page_does_not_need_is_closed(web, path):
    for kind in ("application/json", "multipart/form-data; boundary=x"):
        answer = web.post(f"gradio_api/{path}", content=b"{}", headers={"content-type": kind})
        assert answer.status_code == 403 and "/gradio_api/info" in answer.json()["error"], answer.text
    assert web.get("gradio_api/deep_link", params={"session_hash": "s"}).status_code == 403
