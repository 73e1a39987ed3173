"""Open the page: `python app.py`, then http://127.0.0.1:7860."""

from __future__ import annotations

import sys

from genai import cli


def main(words: list[str]) -> int:
    return cli.run(_main, words)


def _main(words: list[str]) -> int:
    parser = cli.Parser("python app.py", __doc__)
    parser.add_argument("--checkpoints", nargs="+", metavar="DIR", help=cli.CHECKPOINTS_HELP)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")
    parser.add_argument("--host", help="0.0.0.0 lets other machines in (default: GRADIO_SERVER_NAME, else 127.0.0.1)")
    parser.add_argument("--port", help="default: GRADIO_SERVER_PORT, else the first free one from 7860 on")
    options = parser.parse(words)
    folders = cli.checkpoint_folders(options.checkpoints)
    port = cli.whole("port", options.port, 1, 65_535)

    from genai.generation.engine import Engine
    from genai.ui import build_ui

    build_ui(Engine(folders, options.device)).launch(server_name=options.host, server_port=port)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
