"""The served page by plain HTTP: what it answers, and what it says to requests that no browser would send."""

from __future__ import annotations

import base64
import http.client
import io
import json
import math
import re
import shutil
import socket
import struct
import urllib.parse
import uuid
import zlib
from concurrent.futures import ThreadPoolExecutor

import gradio as gr
import httpx
import numpy as np
import pytest
from PIL import Image, ImageDraw
from studio import offering

from genai.checkpoint import Meta, save_checkpoint
from genai.generation import receipt, shelf
from genai.generation.actions import ACTIONS
from genai.generation.controls import Choice, Code, Number, Picture, Rows, Vector, Words
from genai.generation.engine import AT_ONCE, Engine, actions_of
from genai.models import build_model
from genai.strings import text
from genai.ui import api, build_ui
from genai.ui.doors.body import MAX_BODY
from genai.ui.stage import data_uri

EVERY_ACTION = [(family, name) for family, actions in ACTIONS.items() for name in actions]
each_action = pytest.mark.parametrize("family, action", EVERY_ACTION, ids=lambda word: word)
CHINESE = {"cookie": "a=b; genai_lang=zh"}
ALSO_CHINESE = {"accept-language": "zh-CN,zh;q=0.9,en;q=0.5"}
LONG = "x" * 3_000_000
BAD = [math.nan, "NaN", math.inf, -math.inf, 1e300, None, True, [], [1, 2], {"seed": 1}, LONG]


@pytest.fixture(scope="module")
def web(studio):
    with httpx.Client(base_url=studio.url, timeout=600, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def config(web) -> dict:
    return loads(web.get("config").text)


def loads(body: str):
    """JSON as browsers read it: NaN and Infinity are no part of it."""

    def refuse(word):
        pytest.fail(f"{word} in an answer: {body[:500]}")

    return json.loads(body, parse_constant=refuse)


def post(web, path: str, body, **headers) -> httpx.Response:
    """`body` as JSON, NaN and all, whatever a browser would make of it."""
    return web.post(path, content=json.dumps(body), headers={"content-type": "application/json", **headers})


def ask(web, name: str, data: list, **headers) -> tuple[str, object]:
    """A named endpoint, as Gradio documents it: post, then read the stream. -> its last (event, data)"""
    answer = post(web, f"gradio_api/call/{name}", {"data": data}, **headers)
    assert answer.status_code == 200, answer.text
    stream = web.get(f"gradio_api/call/{name}/{answer.json()['event_id']}").text
    event, data = re.findall(r"^event: (\w+)\ndata: (.*)$", stream, flags=re.M)[-1]
    return event, loads(data)


def message(web, name: str, data: list, **headers) -> str:
    """What a named endpoint says to a bad request."""
    event, answer = ask(web, name, data, **headers)
    assert event == "error" and isinstance(answer, dict), (event, str(answer)[:500])
    assert isinstance(answer["error"], str), answer
    return sound(answer["error"])


def sound(said: str) -> str:
    """A message for a person: short, and no traceback."""
    assert 10 < len(said) < 2000 and "Traceback" not in said and 'File "' not in said, said[:3000]
    assert said not in (text("en", "errors.internal"), text("zh", "errors.internal"))
    return said


def models(engine) -> list[str]:
    """Names of everything that can be asked."""
    return [entry.name for entry in engine.shelf.entries() if entry.family in ACTIONS]


def controls_of(engine, family: str, action: str) -> list:
    return engine.controls(offering(engine, family, action).name, action)


def ordinary(engine, family: str, action: str, **changes) -> list:
    """The values of an endpoint's parameters, in order; texts are short."""
    values = {c.name: c.default for c in controls_of(engine, family, action)}
    values |= {"write": {"max_new_tokens": 9}, "match": {"steps": 2}}.get(action, {})
    return list((values | {"model": offering(engine, family, action).name} | changes).values())


def drawn() -> str:
    """A digit on white paper as a data URI."""
    picture = Image.new("L", (280, 280), 255)
    ImageDraw.Draw(picture).line([(80, 60), (190, 60), (120, 220)], fill=0, width=24)
    return uri(picture)


def uri(picture: Image.Image) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


# -- named endpoints: good requests --------------------------------------------------------------------------


def test_every_action_has_an_endpoint_and_nothing_else_is_shown(web):
    named = loads(web.get("gradio_api/info").text)["named_endpoints"]
    assert set(named) == {f"/{family}_{action}" for family, action in EVERY_ACTION}
    defaults = {p["parameter_name"]: p["parameter_default"] for p in named["/gan_interpolate"]["parameters"]}
    assert list(defaults) == ["seed", "seed_to", "label", "truncation_psi", "via", "position", "model"]
    assert defaults["position"] == 0.5 and defaults["via"] == []


@each_action
def test_an_endpoint_answers_as_the_engine_does(web, engine, family, action):
    data = ordinary(engine, family, action)
    event, (answer,) = ask(web, f"{family}_{action}", data)
    assert event == "complete"
    names = [c.name for c in controls_of(engine, family, action)]
    result = engine.generate(data[-1], action, dict(zip(names, data)))
    if result.action.kind == "data":
        assert answer == result.data
        return
    assert answer["receipt"] == result.receipt
    assert all(answer[name] == value for name, value in result.detail.items())
    if result.action.kind == "text":
        assert answer["text"] == result.text
    else:
        assert answer["file"] == result.file_name
        assert base64.b64decode(answer["data"]) == result.file_bytes()


def test_the_encoder_answers_with_a_latent(web, engine):
    event, (answer,) = ask(web, "vae_encode", [drawn(), "vae-digits"])
    assert event == "complete"
    assert engine.check("vae-digits", "decode", {"z": answer["z"]})["z"] == answer["z"]
    assert answer == engine.generate("vae-digits", "encode", {"image": drawn()}).data


def test_the_call_that_a_result_shows_makes_it_again(studio):
    """`to_api_call` is Python; here it runs, with gradio_client, against this page."""
    import gradio_client

    result = studio.engine.generate("gan-digits", "plane", {"seed": 5, "x": 0.5})
    call = receipt.to_api_call(result.receipt, "gan").replace("http://127.0.0.1:7860", studio.url)
    call = call.replace('")', '", verbose=False, analytics_enabled=False)', 1)
    answer = eval(call, {"gradio_client": gradio_client})
    assert answer["receipt"] == result.receipt


def test_what_is_left_out_has_its_default(studio):
    import gradio_client

    client = gradio_client.Client(studio.url, verbose=False, analytics_enabled=False)
    answer = client.predict(seed=3, api_name="/vae_sample")
    assert answer["receipt"] == studio.engine.generate("vae-digits", "sample", {"seed": 3}).receipt


def test_an_endpoint_s_defaults_suit_the_model_that_is_named(engine, tmp_path):
    """Signatures show those of the first model; another one's latent may be longer. What is given is never replaced."""
    shutil.copy(engine.folder / "vae-digits.safetensors", tmp_path)
    config = dict(widths=(8,), hidden=8, latents=3)
    save_checkpoint(tmp_path / "small.safetensors", build_model("vae", config), Meta("vae", config))
    both = Engine(tmp_path, device="cpu")
    decode = api.endpoint(both, both.shelf.get("vae-digits"), "decode")
    assert decode(None, [0.0] * 12, "small")["receipt"]["controls"]["z"] == [0.0] * 3
    assert decode(None, [1.0] * 3, "small")["receipt"]["controls"]["z"] == [1.0] * 3
    assert decode(None, [0.0] * 12, "vae-digits")["receipt"]["controls"]["z"] == [0.0] * 12
    for given in ([1.0] * 12, [0] * 4, None, (0.0,)):
        with pytest.raises(gr.Error, match="z cannot be"):
            decode(None, given, "small")


def test_a_page_of_many_models_reads_no_weights(engine, tmp_path, monkeypatch):
    """Each family's endpoints once, made of descriptions alone."""
    for i in range(12):
        for name in ("gan-digits", "vae-digits"):
            shutil.copy(engine.folder / f"{name}.safetensors", tmp_path / f"{name}-{i}.safetensors")
    monkeypatch.setattr(shelf, "open_checkpoint", lambda *args: pytest.fail("weights were read"))
    with gr.Blocks() as page:
        api.add_endpoints(Engine(tmp_path, device="cpu"))
    named = [d["api_name"] for d in page.get_config_file()["dependencies"]]
    offered = [f"{family}_{action}" for family in ("gan", "vae") for action in actions_of(engine.first(family))]
    assert sorted(named) == sorted(offered)


# -- named endpoints: bad requests ---------------------------------------------------------------------------


PNG = "data:image/png;base64,"
NO_PICTURES = [
    math.nan, None, True, [], {}, "", "x", 7, PNG + "☃", PNG + "a", PNG + "A" * 5_500_000, LONG,
    "data:text/html;base64,aGk=", "file:///etc/passwd", "/etc/passwd",
]  # fmt: skip


def zero(control: Rows) -> list[int]:
    return [0] * control.row.length


def bad_values(control) -> list:
    if isinstance(control, Number):
        return [*BAD, "7", control.low - 1, control.high + 1]
    if isinstance(control, Choice):
        return [*BAD, "cat", ""]
    if isinstance(control, Words):
        return [value for value in BAD if value != "NaN"] + [
            "x" * 2001,
            7,
            *([] if control.empty else ["", " \n", "☃"]),
        ]
    if isinstance(control, Picture):
        return NO_PICTURES
    if isinstance(control, Rows):
        bad = [value for value in BAD if value != [] or not control.empty]
        return [*bad, [[]], [zero(control)] * (control.most + 1), [[*zero(control)[1:], math.nan]]]
    if isinstance(control, Code):
        return [*(value for value in BAD if value != ""), 7, "x", "AAAA", "☃" * control.length, "=" * 9]
    if isinstance(control, Vector) and control.optional:
        bad = [
            [0] * (control.length + 1),
            *([0, bad] for bad in (math.nan, "0", None, 0.5, -1, control.high + 1, [0], LONG)),
        ]
        return [*(value for value in BAD if value not in ([], [1, 2])), *bad]
    zeros = [0] * (control.length - 1)
    return [
        *BAD,
        *([*zeros, bad] for bad in (math.nan, "0", None, control.high + 1, -1e300, [0], LONG)),
        zeros,
        [*zeros, 0, 0],
    ]


@each_action
def test_bad_values_are_told_with_their_name_and_the_choices(web, engine, family, action, capfd):
    """Every parameter, one after another; then an ordinary request still works. Of those that an earlier action of the
    family takes just so as well, one bad value tells whether they are looked at here too."""
    names = list(ACTIONS[family])
    tried = [c for name in names[: names.index(action)] for c in controls_of(engine, family, name)]
    wishes = []
    for control in controls_of(engine, family, action):
        wishes += [(control, value) for value in bad_values(control)[: 1 if control in tried else None]]

    def messages(wish) -> tuple[str, str]:
        control, value = wish
        data = ordinary(engine, family, action, **{control.name: value})
        return message(web, f"{family}_{action}", data), (
            message(web, f"{family}_{action}", data, **CHINESE) if value is None else ""
        )

    with ThreadPoolExecutor(4) as pool:
        for (control, value), (said, chinese) in zip(wishes, pool.map(messages, wishes)):
            where = control.name, str(value)[:50], said
            assert control.name in said or value == "☃", where
            if isinstance(control, Number):
                assert str(control.low) in said and str(control.high) in said, where
            if isinstance(control, Choice):
                assert ", ".join(control.choices) in said, where
            if isinstance(value, float):
                assert str(value) in said, where
            if value is None:
                assert control.name in chinese and re.search(r"[\u4e00-\u9fff]", chinese), chinese
    assert ask(web, f"{family}_{action}", ordinary(engine, family, action))[0] == "complete"
    assert "Traceback" not in capfd.readouterr().err


@each_action
def test_a_bad_model_is_told_with_the_models(web, engine, family, action):
    for model in (math.nan, None, True, [], {}, "", "nope", "../gan-digits", LONG):
        said = message(web, f"{family}_{action}", [*ordinary(engine, family, action)[:-1], model])
        assert ", ".join(models(engine)) in said


def test_another_family_s_model_is_told(web, engine):
    assert "vae-digits cannot be asked for plane" in message(
        web, "gan_plane", [*ordinary(engine, "gan", "plane")[:-1], "vae-digits"]
    )
    assert "gan-digits cannot be asked for encode" in message(web, "vae_encode", [drawn(), "gan-digits"])


def bomb() -> str:
    head = base64.b64decode(uri(Image.new("L", (4, 4))).partition(",")[2])
    huge = bytearray(head)
    huge[16:24] = struct.pack(">II", 30_000, 30_000)
    huge[29:33] = struct.pack(">I", zlib.crc32(huge[12:29]))
    return "data:image/png;base64," + base64.b64encode(huge).decode()


def test_bad_pictures_are_told(web, capfd):
    cut = drawn()[:400] + "=" * (-len(drawn()[:400].partition(",")[2]) % 4)
    for image in NO_PICTURES:
        said = message(web, "vae_encode", [image, "vae-digits"])
        assert "image" in said and "data:image/png;base64" in said and "root:" not in said
    for image in ("data:image/png;base64,aGVsbG8=", cut, "data:image/svg+xml;base64,PHN2Zy8+"):
        assert "PNG, JPEG" in message(web, "vae_encode", [image, "vae-digits"])
    assert "900,000,000" in message(web, "vae_encode", [bomb(), "vae-digits"])
    assert "900,000,000 像素" in message(web, "vae_encode", [bomb(), "vae-digits"], **ALSO_CHINESE)
    for model in (None, "nope", 3):
        assert "gan-digits" in message(web, "vae_encode", [drawn(), model])
    assert ask(web, "vae_encode", [drawn(), "vae-digits"])[0] == "complete"
    assert "Traceback" not in capfd.readouterr().err


def test_messages_are_in_the_visitor_s_language(web, engine):
    data = ordinary(engine, "gan", "sample", seed=-5)
    english = "seed cannot be -5: it must lie between 0 and 4294967295."
    chinese = text("zh", "errors.out_of_range", name="seed", value="-5", low="0", high="4294967295")
    assert message(web, "gan_sample", data) == english
    assert message(web, "gan_sample", data, **CHINESE) == chinese
    assert message(web, "gan_sample", data, **ALSO_CHINESE) == chinese
    assert message(web, "gan_sample", data, cookie="genai_lang=en", **ALSO_CHINESE) == english
    assert message(web, "gan_sample", data, cookie="genai_lang=xx") == english


@pytest.mark.parametrize("data", [[], [1], [1] * 50, {}, "x", None, 7, [[[[]]]]], ids=str)
def test_requests_of_another_shape_change_nothing(web, engine, data):
    answer = post(web, "gradio_api/call/gan_sample", {"data": data})
    if answer.status_code == 200:
        stream = web.get(f"gradio_api/call/gan_sample/{answer.json()['event_id']}").text
        assert "event: error" in stream and "Traceback" not in stream
    else:
        assert 400 <= answer.status_code < 500 and "Traceback" not in answer.text
    assert ask(web, "gan_sample", ordinary(engine, "gan", "sample"))[0] == "complete"


@pytest.mark.parametrize("path", ["component_server", "call/gan_sample", "queue/join", "run/gan_sample"])
def test_bodies_that_are_no_json_change_nothing(web, engine, path):
    for body in (
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 200_000,
        b"null",
        b"7",
        b'"x"',
        b"{}",
        b'{"data": ' + b"9" * 9_999 + b"}",
    ):
        answer = web.post(f"gradio_api/{path}", content=body, headers={"content-type": "application/json"})
        assert answer.status_code >= 400 and "Traceback" not in answer.text and 'File "' not in answer.text
    assert ask(web, "gan_sample", ordinary(engine, "gan", "sample"))[0] == "complete"


# -- the fast path -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stage(web, config):
    """stage(stage id, function, payload) -> what the browser would get, straight from the server function."""
    ids = {c["props"].get("elem_id"): c["id"] for c in config["components"]}

    def call(name: str, function: str, payload):
        body = {
            "data": payload,
            "component_id": ids[f"stage-{name}"],
            "fn_name": function,
            "session_hash": "s",
        }
        answer = post(web, "gradio_api/component_server", body)
        assert answer.status_code == 200, answer.text[:500]
        return loads(answer.text)

    return call


def error_of(answer) -> str:
    assert list(answer) == ["error"]
    return sound(answer["error"])


@each_action
def test_a_frame_is_what_the_engine_makes(stage, engine, family, action):
    names = [c.name for c in controls_of(engine, family, action)]
    controls = dict(zip(names, ordinary(engine, family, action)))
    request = {"model": offering(engine, family, action).name, "action": action, "controls": controls}
    answer, result = stage("gan-grid", "frame", request), engine.generate(*request.values())
    while "state" in answer:  # of a picture in rounds
        answer = stage("gan-grid", "frame", {**request, "state": answer["state"]})
    assert answer["request"] == {**request, "controls": result.receipt["controls"]}
    assert dict(urllib.parse.parse_qsl(answer["query"]))["result"] == result.receipt["result"]
    assert receipt.to_api_call(result.receipt, family) == answer["api"]
    if result.action.kind == "data":
        assert answer["data"] == result.data
    elif result.action.kind in ("image", "rounds"):
        assert answer["src"] == data_uri(result.pixels)
        with Image.open(io.BytesIO(base64.b64decode(answer["src"].partition(",")[2]))) as shown:
            assert (np.asarray(shown.convert("RGB")) == result.pixels).all()  # grey ones broadcast
    else:
        suffix = {"loop": ".gif", "text": ""}[result.action.kind]
        assert answer["command"] == receipt.to_command(result.receipt, suffix, engine.shelf.folders)
    file = stage("gan-grid", "file", request)
    assert base64.b64decode(file["data"]) == result.file_bytes() and file["name"] == result.file_name


@each_action
def test_bad_frames_are_told(stage, engine, family, action, capfd):
    model = offering(engine, family, action).name
    for control in controls_of(engine, family, action):
        for value in bad_values(control):
            request = {"model": model, "action": action, "controls": {control.name: value}}
            said = error_of(stage("gan-grid", "frame", request))
            assert control.name in said or value == "☃"
        said = error_of(stage("gan-grid", "file", {**request, "lang": "zh", "controls": {control.name: None}}))
        assert control.name in said and re.search(r"[\u4e00-\u9fff]", said)
    assert "Traceback" not in capfd.readouterr().err


def test_frames_of_another_shape_are_told(stage):
    good = {"model": "gan-digits", "action": "sample", "controls": {"seed": 3}}
    for payload in (None, "x", 7, math.nan, True, [], [good], LONG, json.dumps(good)):
        for function in ("frame", "file"):
            assert error_of(stage("gan-grid", function, payload)) == text("en", "errors.bad_request")
    for missing in good:
        error_of(stage("gan-grid", "frame", {k: v for k, v in good.items() if k != missing}))
    for bad in (None, "", "nope", 7, [], {}, True, math.nan, LONG):
        assert "gan-digits" in error_of(stage("gan-grid", "frame", {**good, "model": bad}))
        assert "interpolate" in error_of(stage("gan-grid", "frame", {**good, "action": bad}))
        assert "truncation_psi" in error_of(stage("gan-grid", "frame", {**good, "controls": bad or None}))
    for controls in ({"sed": 1}, {LONG: 1}, {"seed": 1, "shell": "rm"}):
        assert "seed, count" in error_of(stage("gan-grid", "frame", {**good, "controls": controls}))
    assert "write" in error_of(stage("gan-grid", "frame", {**good, "action": "write"}))
    deep: dict = {}
    for _ in range(300):
        deep = {"seed": [deep]}
    error_of(stage("gan-grid", "frame", {**good, "controls": deep}))
    assert stage("gan-grid", "frame", good)["src"].startswith("data:image/webp;base64,")


def test_drawings_are_read_and_bad_ones_told(stage, engine):
    def ask(image, **more):
        return stage("vae", "data", {"model": "vae-digits", "action": "encode", "controls": {"image": image}, **more})

    assert ask(drawn()) == {"data": engine.generate("vae-digits", "encode", {"image": drawn()}).data}
    for image in (None, "x", [], {}, math.nan, LONG, [drawn()]):
        assert "image" in error_of(ask(image))
    for payload in (None, "x", [], {}):
        error_of(stage("vae", "data", payload))
    assert "900,000,000" in error_of(ask(bomb()))
    assert "PNG" in error_of(ask("data:image/png;base64,aGVsbG8=", lang="zh"))
    assert len(ask(uri(Image.new("L", (9, 9))))["data"]["z"]) == 12  # nothing drawn yet


def test_ten_visitors_at_once(stage, engine):
    requests = [{"model": "gan-digits", "action": "sample", "controls": {"seed": i, "count": 16}} for i in range(30)]
    expected = [data_uri(engine.generate(*request.values()).pixels) for request in requests]
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda request: stage("gan-grid", "frame", request), requests))
    assert [answer.get("src") for answer in answers] == expected


def test_a_visitor_is_told_that_it_is_busy(stage, engine, monkeypatch):
    """While others hold every place; not when they have left."""
    monkeypatch.setattr("genai.generation.engine.WAIT_SECONDS", 0.05)
    write = {"model": "gpt-shakespeare", "action": "write", "controls": {"seed": 1, "max_new_tokens": 9}}
    texts = [engine.stream(*write.values()) for _ in range(AT_ONCE)]
    for each in texts:
        next(each)
    assert error_of(stage("gpt", "frame", write)) == text("en", "errors.busy")
    assert "src" in stage("gan-grid", "frame", {"model": "gan-digits", "action": "sample", "controls": {"seed": 1}})
    for each in texts:
        each.close()
    assert "error" not in stage("gpt", "frame", write)


# -- private endpoints: the page's own events ----------------------------------------------------------------


def event_of(config, elem_id: str, kind: str) -> dict:
    (component,) = [c["id"] for c in config["components"] if c["props"].get("elem_id") == elem_id]
    (event,) = [
        d for d in config["dependencies"] if [component, kind] in d["targets"] and d["backend_fn"] and not d["cancels"]
    ]
    return event


def join(web, event: dict, data: list, **headers) -> dict:
    """One run of an event by its number, through the queue. -> the message that completes it"""
    session = uuid.uuid4().hex
    body = {"data": data, "fn_index": event["id"], "session_hash": session}
    answer = post(web, "gradio_api/queue/join", body, **headers)
    assert answer.status_code == 200, answer.text
    stream = web.get("gradio_api/queue/data", params={"session_hash": session}).text
    messages = [loads(line[6:]) for line in stream.splitlines() if line.startswith("data: ")]
    (last,) = [m for m in messages if m["msg"] == "process_completed"]
    return last


def test_the_write_button_s_event(web, engine, config, capfd):
    event = event_of(config, "gpt-run", "click")
    names = ["prompt", "temperature", "top_k", "top_p", "max_new_tokens", "seed"]
    good = {
        "prompt": "ROMEO:\n",
        "temperature": 0.8,
        "top_k": 0,
        "top_p": 0.95,
        "max_new_tokens": 9,
        "seed": 1,
    }
    facts = json.dumps({"model": "gpt-shakespeare"})
    made = join(web, event, [facts, *good.values()])
    assert made["success"], made
    written = engine.generate("gpt-shakespeare", "write", good).text
    assert "ROMEO:" in made["output"]["data"][0] and len(written) == len("ROMEO:\n") + 9
    controls = {c.name: c for c in controls_of(engine, "gpt", "write")}
    assert set(names) == set(controls)
    for name, control in controls.items():
        for value in bad_values(control):
            data = [facts, *(value if n == name else good[n] for n in names)]
            said = join(web, event, data)
            assert not said["success"]
            assert name in sound(said["output"]["error"]) or value == "☃"
        data = [facts, *(None if n == name else good[n] for n in names)]
        said = join(web, event, data, **CHINESE)["output"]["error"]
        assert name in said and re.search(r"[\u4e00-\u9fff]", said)
        direct = post(web, "gradio_api/run/predict", {"data": data, "fn_index": event["id"], "session_hash": "s"})
        assert direct.status_code == 400 and name in sound(loads(direct.text)["error"])
    for bad in (None, "", "x", "{}", "[]", 7, LONG, json.dumps({"model": "nope"})):
        assert "gpt-shakespeare" in join(web, event, [bad, *good.values()])["output"]["error"]
    assert join(web, event, [facts, *good.values()])["success"]
    assert "Traceback" not in capfd.readouterr().err


def test_every_event_survives_anything(web, engine, config):
    """By number, through both routes: the visitor never reads a traceback or a file of this machine."""
    secret = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
    events = [d for d in config["dependencies"] if d["backend_fn"] and d["api_visibility"] != "public"]
    assert len(events) >= 4
    for event in events:
        for value in (
            None,
            "x",
            math.nan,
            [],
            {},
            secret,
            [secret],
            True,
            "model=gan-digits&action=sample&c.seed=nan",
        ):
            body = {"data": [value] * len(event["inputs"]), "fn_index": event["id"], "session_hash": "s"}
            direct = post(web, "gradio_api/run/predict", body)
            assert "Traceback" not in direct.text and "root:" not in direct.text
            if direct.status_code == 200:
                loads(direct.text)
    assert ask(web, "gan_sample", ordinary(engine, "gan", "sample"))[0] == "complete"


# -- how it is served ----------------------------------------------------------------------------------------


def test_announced_large_bodies_are_refused_unread(studio, web, engine):
    place = urllib.parse.urlparse(studio.url)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=600)
    connection.putrequest("POST", "/gradio_api/component_server")
    connection.putheader("content-type", "application/json")
    connection.putheader("content-length", str(MAX_BODY + 1))
    connection.putheader("accept-language", "zh-CN")
    connection.endheaders()  # and nothing more: the answer does not wait for the body
    answer = connection.getresponse()
    assert answer.status == 413 and f"{MAX_BODY:,}" in answer.read().decode()
    connection.close()
    assert ask(web, "gan_sample", ordinary(engine, "gan", "sample"))[0] == "complete"


@pytest.mark.parametrize("path", ["component_server", "call/gan_sample", "queue/join", "upload"])
def test_unannounced_large_bodies_are_refused(web, engine, path):
    def body():
        yield b'--x\r\nContent-Disposition: form-data; name="files"\r\n\r\n' if path == "upload" else b" "
        for _ in range(MAX_BODY // 500_000 + 1):
            yield b" " * 500_000

    kind = "multipart/form-data; boundary=x" if path == "upload" else "application/json"
    answer = web.post(f"gradio_api/{path}", content=body(), headers={"content-type": kind})
    assert answer.status_code == 413 and f"{MAX_BODY:,}" in answer.text, answer.text
    assert ask(web, "gan_sample", ordinary(engine, "gan", "sample"))[0] == "complete"


def test_the_page_asks_nothing_of_other_hosts(web, config):
    html = web.get("/").text
    asked = re.findall(r"""<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=["']?((?:https?:)?//[^"'> ]+)""", html)
    asked += re.findall(r"""(?:@import\s+|url\()["']?((?:https?:)?//[^"') ]+)""", html + web.get("theme.css").text)
    assert not asked
    assert not [sheet for sheet in config.get("stylesheets") or [] if "//" in sheet]
    assert not config["analytics_enabled"]


def test_the_settings_of_a_public_page(config):
    assert config["footer_links"] == [] and config["show_error"] is False


# -- a page without its checkpoints, or without its port -----------------------------------------------------


def notices(folder) -> str:
    """What the page over a folder shows in place of tabs."""
    page = build_ui(Engine(folder, device="cpu"))
    return "\n".join(str(c["props"].get("value")) for c in page.get_config_file()["components"] if c["type"] == "html")


def test_a_page_without_checkpoints_says_what_to_do(tmp_path):
    shown = notices(tmp_path / "nowhere")
    for name in ("gan-digits", "vae-digits", "gpt-shakespeare", "text2image-scenes"):
        assert f"nowhere/{name}.safetensors. Train it with train.py" in shown
    assert shown.count("请用 train.py 训练") == 4 and shown.count('data-only="zh"') == 4


def test_a_page_with_broken_checkpoints_says_what_to_do(engine, tmp_path):
    whole = (engine.folder / "gan-digits.safetensors").read_bytes()
    (tmp_path / "gan-digits.safetensors").write_bytes(whole[: len(whole) // 2])
    header = json.dumps({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    (tmp_path / "vae-digits.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(4))
    shown = notices(tmp_path)
    assert "gan-digits.safetensors is damaged" in shown and "gan-digits.safetensors 已损坏" in shown
    assert "vae-digits.safetensors was not written by this project" in shown and "不是本项目写的" in shown
    assert "gpt-shakespeare.safetensors. Train it with train.py" in shown


def test_a_broken_checkpoint_leaves_the_other_tabs(engine, tmp_path):
    shutil.copy(engine.folder / "vae-digits.safetensors", tmp_path)
    (tmp_path / "gan-digits.safetensors").write_bytes(b"")
    page = build_ui(Engine(tmp_path, device="cpu"))
    props = {c["props"].get("elem_id"): c["props"] for c in page.get_config_file()["components"]}
    assert "data:image" in props["stage-vae"]["value"]
    assert "data:image" not in props["stage-gan-grid"]["value"] and not props["gpt-page"]["value"]


@pytest.mark.parametrize("port", ["taken", 99_999])
def test_a_port_that_cannot_be_had_is_told(port, tmp_path, capsys):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1] if port == "taken" else port
        with pytest.raises(SystemExit) as caught:
            build_ui(Engine(tmp_path, device="cpu")).launch(
                server_name="127.0.0.1", server_port=port, prevent_thread_lock=True, quiet=True
            )
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and str(port) in said and "--port" in said and said.count("\n") == 1
