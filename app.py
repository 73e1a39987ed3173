"""Open the page: `python app.py`, then http://127.0.0.1:7860."""

from genai.generation.engine import Engine
from genai.ui import build_ui

if __name__ == "__main__":
    build_ui(Engine("checkpoints")).launch()
