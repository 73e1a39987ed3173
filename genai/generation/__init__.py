"""Generation: from a request in plain values to pixels, text or data. Knows no Gradio.

To let a family be asked for something, write `generation/<family>.py` with its actions and name it here.
"""

from genai.generation import gan, gpt, text2image, tokenizer, vae

__all__ = ["gan", "gpt", "text2image", "tokenizer", "vae"]
