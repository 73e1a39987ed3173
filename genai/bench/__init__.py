"""What this machine gives: `python -m genai.bench` measures the page, the models, the training steps, and many at once.

    python -m genai.bench [--only NAME ...] [--quick] [--json] [--checkpoints DIR]

One row a figure: its median, its p95 (95 % of the repetitions were at least as good), how many there were, all after a
warm-up; and beside it what it is held against, its peer, measured in turns with it, so that a busy machine slows both. What a
figure lacks (Chromium, a checkpoint) its row says; the others go on.

    figures.py     a figure, its peer, and the list of benches    page.py        the page in a browser; its start
    models.py      the models without the page                    training.py    a training step of each preset
    load.py        many: requests at once, checkpoints, hours     peers.py       what they are held against
    noop.py        the peer of a slider: a page that does nothing

To add a figure, write a function that takes a Setting and returns a Figure, and put @bench above it.
"""
