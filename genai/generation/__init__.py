"""Generation: from a request in plain values to pixels or text. Knows no Gradio."""
