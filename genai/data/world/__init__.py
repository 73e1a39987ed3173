"""The world: 128x128 illustrations of things in places, with captions in English and Chinese, drawn as they are needed."""
