"""A stranger's requests: what the page refuses before Gradio reads it, and that nothing leaves this machine for one."""

from __future__ import annotations

import http.server
import json
import re
import tempfile
import threading
import time
from pathlib import Path

import httpx
import pytest
import safehttpx
from browsing import PATIENCE, needs_chromium, opened

from genai.strings import text
from genai.ui import unfetched
from genai.ui.doors import reading, routes, uploads

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


# -- errors are words ----------------------------------------------------------------------------------------


WRONG = {
    "one value": [1],
    "none": [],
    "a file": [named("/etc/passwd"), 1, "any", 1, "gan-digits"],
    "a file in a list": [[[named("relative")]], 1, "any", 1, "gan-digits"],
    "a file of no kind": [{"path": "x", "meta": 7}, 1, "any", 1, "gan-digits"],
}


@pytest.fixture
def logged(caplog, capfd):
    """What the log says of a stranger's requests: no traceback, and no more than a line for each."""
    yield
    said = "".join((caplog.text, *capfd.readouterr()))
    assert "Traceback" not in said and 'File "' not in said, said[:3000]


@pytest.mark.parametrize("data", WRONG.values(), ids=WRONG)
def test_values_that_gradio_cannot_read_are_told(web, logged, data):
    said = "/gan_sample cannot read these values. It takes, in this order: seed, count, label, truncation_psi, model."
    direct = post(web, "run/gan_sample", {"data": data})
    assert direct.status_code == 400 and direct.json()["error"] == said
    asked = post(web, "call/gan_sample", {"data": data})
    stream = web.get(f"gradio_api/call/gan_sample/{asked.json()['event_id']}").text
    assert "event: error" in stream and said in stream
    chinese = post(web, "run/gan_sample", {"data": data}, **CHINESE).json()["error"]
    assert chinese.startswith("/gan_sample 无法读取这些值")


def test_no_event_answers_without_words(web, logged):
    """Each event of the page, and each endpoint, by its number: too little, and files where there are none."""
    events = web.get("config").json()["dependencies"]
    asked = [event for event in events if event["backend_fn"]]
    assert len(asked) > 10
    for event in asked:
        for data in ([], [named("/etc/passwd")] * 40, [{"path": "x", "meta": 7}] * 40):
            body = {"data": data, "fn_index": event["id"], "session_hash": "s"}
            answer = post(web, f"run/{event['id']}", body)
            if answer.status_code != 200:  # what needs no values does not mind them
                assert answer.status_code == 400 and len(answer.json()["error"]) > 10, (event["api_name"], answer.text)


@pytest.mark.parametrize(
    "path, body",
    [
        ("run/nothing", {"data": []}),
        ("run/gan_sample", {"data": [], "fn_index": 9999}),
        ("call/nothing", {"data": []}),
        ("call/v2/nothing", {}),
        ("call/v2/gan_sample", {"sed": 1}),
        ("queue/join", {"data": [], "fn_index": 9999, "session_hash": "s"}),
        ("component_server", {"data": 1, "component_id": 9999, "fn_name": "frame", "session_hash": "s"}),
        ("component_server", {"data": 1, "component_id": 1, "fn_name": "__class__", "session_hash": []}),
    ],
    ids=str,
)
def test_what_is_not_there_is_told(web, logged, path, body):
    answer = post(web, path, body)
    assert 400 <= answer.status_code < 500 and len(answer.json()["detail"]) > 10, answer.text


def test_a_stream_that_nobody_opened_ends_quietly(web, logged):
    for path in ("queue/data?session_hash=nobody", "call/gan_sample/nothing"):
        assert web.get(f"gradio_api/{path}").status_code == 200


def test_a_fault_of_ours_is_logged_and_stays_a_fault(web, studio, monkeypatch, caplog):
    def broken(*args):
        raise RuntimeError("a secret of the server")

    monkeypatch.setattr(studio.engine, "generate", broken)
    answer = post(web, "run/gan_sample", {"data": [1, 1, "any", 1, "gan-digits"]})
    assert answer.status_code == 500 and answer.json()["error"] == text("en", "errors.internal")
    assert "a secret of the server" in caplog.text


def test_words_of_a_stranger_are_no_html_on_the_page(web):
    """What a button's event says becomes a toast, which Gradio shows as HTML; the API says it as it is."""
    bad = "<img src=x onerror=alert(1)>"
    (event,) = [d for d in web.get("config").json()["dependencies"] if d["api_name"] == "write" and d["backend_fn"]]
    facts = json.dumps({"model": bad})
    body = {"data": [facts, "ROMEO:", 0.8, 0, 0.95, 9, 1], "fn_index": event["id"], "session_hash": "s"}
    said = post(web, f"run/{event['id']}", body).json()["error"]
    assert "&lt;img src=x" in said and "<" not in said
    said = post(web, "run/gan_sample", {"data": [1, 1, "any", 1, bad]}).json()["error"]
    assert bad in said


def test_every_answer_is_strict(web):
    for path in ("", "config", "theme.css", "gradio_api/file=http://x.example/y", "gradio_api/nothing"):
        headers = web.get(path).headers
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "same-origin"
        assert "object-src 'none'" in headers["content-security-policy"]
    framed = dict(part.split(" ", 1) for part in web.get("").headers["content-security-policy"].split("; "))
    assert "https://*.hf.space" in framed["frame-ancestors"] and "x-frame-options" not in web.get("").headers


# -- uploads -------------------------------------------------------------------------------------------------


def upload(web, *contents: bytes) -> httpx.Response:
    return web.post("gradio_api/upload", files=[("files", (f"{i}.png", one)) for i, one in enumerate(contents)])


def held() -> list[int]:
    """Sizes of all files that lie in the folder of uploads."""
    return [path.stat().st_size for path in uploads.folder().rglob("*") if path.is_file()]


def test_uploads_are_bounded_in_number_and_size(web):
    """A hundred times the same flood would leave no more than once."""
    for i in range(6):
        answer = upload(web, *(bytes([i, j]) * 450_000 for j in range(6)))
        assert answer.status_code == 200 and all(Path(path).is_file() for path in answer.json())
        assert sum(held()) <= uploads.MOST_BYTES
    for i in range(14):
        assert upload(web, *(f"{i} {j}".encode() for j in range(9))).status_code == 200
    assert len(held()) <= uploads.MOST_FILES and len(list(uploads.folder().iterdir())) <= uploads.MOST_FILES
    answer = upload(web, *([b"x"] * 11))
    assert answer.status_code == 413 and answer.json()["detail"] == text("en", "errors.many_files", limit=10)
    assert upload(web, bytes(5_300_000)).status_code == 413


def test_the_oldest_uploads_go_first(web, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_BYTES", 1_000_000)
    first, second, third = (Path(upload(web, bytes([i]) * 400_000).json()[0]) for i in range(3))
    assert not first.exists() and not first.parent.exists() and second.is_file() and third.is_file()


def test_an_upload_that_stops_half_way_leaves_nothing_for_long(web, monkeypatch):
    """Gradio does not know of it any more."""
    kind = {"content-type": "multipart/form-data; boundary=x"}
    cut = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n' + bytes(1000)
    web.post("gradio_api/upload", content=cut, headers=kind)
    old = [path for path in uploads.folder().iterdir() if path.is_file()]
    assert old
    monkeypatch.setattr(uploads, "KEEP_SECONDS", -1.0)
    monkeypatch.setattr(uploads, "TIDY_SECONDS", -1.0)
    web.get("config")  # whatever is asked for
    assert held() == [] and list(uploads.folder().iterdir()) == []


def test_an_upload_is_there_long_enough_to_be_read(web, studio):
    """What the page does with a file: upload it, then ask for it to be opened."""
    result = studio.engine.generate("gan-digits", "sample", {"seed": 3})
    (path,) = upload(web, result.file_bytes()).json()
    (event,) = [d for d in web.get("config").json()["dependencies"] if d["api_name"] == "open_file"]
    facts = ["{}"] * (len(event["inputs"]) - 1)
    body = {"data": [named(path), *facts], "fn_index": event["id"], "session_hash": "s"}
    assert "identical" in post(web, f"run/{event['id']}", body).text
    assert uploads.folder().is_relative_to(tempfile.gettempdir()) and uploads.folder().name.startswith("genai-")


# -- results that nobody fetches -----------------------------------------------------------------------------


def left_behind(web, count: int, gone) -> list[str]:
    """So many requests whose answers nobody reads, each made before the next is asked for."""
    names = []
    for seed in range(count):
        names.append(post(web, "call/gan_sample", {"data": [seed, 1, "any", 1, "gan-digits"]}).json()["event_id"])
        deadline = time.monotonic() + 60
        while not (names[-1] in gone and unfetched.is_ready(gone[names[-1]])):
            assert time.monotonic() < deadline
            time.sleep(0.005)
    return names


def test_results_that_nobody_fetches_are_let_go(web, studio, monkeypatch):
    monkeypatch.setattr(unfetched, "MOST", 3)
    events = studio.page._queue
    waiting = events.pending_messages_per_session
    names = left_behind(web, 8, waiting)
    kept = [name for name in names if name in waiting]
    assert kept == names[-4:]  # the last one has just come
    assert [name for name in names if name in events.pending_event_ids_session] == kept
    assert "event: complete" in web.get(f"gradio_api/call/gan_sample/{names[-1]}").text
    assert "event: complete" not in web.get(f"gradio_api/call/gan_sample/{names[0]}").text
    monkeypatch.setattr(unfetched, "SECONDS", -1.0)
    left_behind(web, 1, waiting)
    assert not [name for name in names[:-1] if name in waiting]  # of that one nothing is left but its name


# -- in a browser --------------------------------------------------------------------------------------------


@needs_chromium
def test_the_page_keeps_its_own_policy(browser, studio):
    """Gradio and all of the page's parts run under it, and nothing is refused."""
    context = browser.new_context()
    context.set_default_timeout(1000 * PATIENCE)
    context.add_init_script(
        "addEventListener('securitypolicyviolation', e => (window.broken ??= []).push(e.blockedURI))"
    )
    page = opened(context.new_page(), studio.url)
    for name in ("Latent", "Prompt", "Noise"):
        page.get_by_role("tab", name=name, exact=True).click()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.broken ?? []") == []
    context.close()
