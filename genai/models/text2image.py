"""Text to image: a transformer over caption words and image tokens that fills in masked tokens, many at a time.

Read top to bottom: Config, attention, block, the writer of digits, the model (losses, features), decoding. Image tokens come
from a frozen `ImageTokenizer` inside, so that one checkpoint draws pictures from words. Training hides a random share of the
tokens (Chang et al. 2022, "MaskGIT", section 3.2); drawing starts with all of them hidden and decides some in each round.

A token is a number of very many values (8 ** 16), whose digits are the tokenizer's code channels. No table has that many
rows: a token goes in as the sum of its digits' embeddings, and comes out digit by digit, each given
those before it. What a place shows ("the left wheel of a red car, on grass") is worked out by the transformer, how that is
written in digits by a hidden layer for each digit: with one narrow layer for all, that was what took longest to learn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai.models import fsq
from genai.models.batch import Batch
from genai.models.layers import MLP, attend, norm

ORDERS = ("halton", "surest", "raster")


@dataclass(frozen=True)
class Config:
    words: int = 400  # ids of the caption vocabulary; 0 is padding
    caption_length: int = 20
    n_layer: int = 6
    n_head: int = 6
    n_embd: int = 192
    head: int = 4  # width of each digit's hidden layer, in n_embd
    label_drop: float = 0.1  # share of captions that training leaves out: what guidance is measured from
    early: float = 2.0  # the larger, the more of the pictures it learns from are nearly all hidden; 1 is MaskGIT
    image_size: int = 64
    channels: int = 3
    tokenizer_patch: int = 4  # the frozen image tokenizer, see fsq.Config
    tokenizer_levels: tuple[int, ...] = (8, 8, 8, 8, 8, 8, 8, 8)
    tokenizer_hidden: int = 256
    tokenizer_widths: tuple[int, ...] = (48, 96)
    tokenizer_blocks: int = 2
    tokenizer_layers: tuple[int, ...] = ()

    RANGES: ClassVar = {
        "caption_length": (1, 1000),
        "n_layer": (1, 1000),
        "n_head": (1, 1000),
        "n_embd": (2, 65_536),
        "head": (1, 64),
        "label_drop": (0, 0.9),
        "early": (0.1, 10),
    }

    @property
    def tokenizer(self) -> fsq.Config:
        return fsq.Config(
            image_size=self.image_size, channels=self.channels, patch=self.tokenizer_patch,
            levels=self.tokenizer_levels, hidden=self.tokenizer_hidden,
            widths=self.tokenizer_widths, blocks=self.tokenizer_blocks, layers=self.tokenizer_layers,
        )  # fmt: skip


def rotations(words: int, side: int, pairs: int) -> Tensor:
    """cos and sin of the angles by which each token's queries and keys are turned, [2, words + side * side, pairs].

    Rotary embeddings (Su et al. 2021, eq. 15) make attention a function of distances: a quarter of the pairs turns with a
    word's place in the caption, the others with a cell's column and with its row. What is two cells to the right of a wheel
    is then learned once, and not for every place where a wheel may stand.
    """
    cell = torch.arange(side)
    none, along = torch.zeros(words), torch.zeros(side * side)
    places = [torch.cat((torch.arange(words).float(), along)), torch.cat((none, cell.repeat(side))),
              torch.cat((none, cell.repeat_interleave(side)))]  # fmt: skip
    shares = [pairs // 4, (pairs - pairs // 4) // 2, pairs - pairs // 4 - (pairs - pairs // 4) // 2]
    # From a quarter turn a step, that tells neighbours apart, to one that has no two places of the grid look alike.
    angles = [place[:, None] * math.pi / 2 / 8 ** (torch.arange(n) / max(1, n - 1)) for place, n in zip(places, shares)]
    angles = torch.cat(angles, dim=1)
    return torch.stack((angles.cos(), angles.sin()))


class Attention(nn.Module):
    """Every token attends to every other; unit-norm queries and keys (Henry et al. 2020), turned by `rotations`."""

    def __init__(self, config: Config):
        super().__init__()
        self.n_head = config.n_head
        self.qkv = nn.Linear(config.n_embd, 3 * config.n_embd, bias=False)
        self.proj = nn.Linear(config.n_embd, config.n_embd, bias=False)
        nn.init.zeros_(self.proj.weight)

    def forward(self, x: Tensor, turn: Tensor, seen: list[Tensor] | None = None) -> Tensor:
        B, T, C = x.shape
        q, k, v = self.qkv(x).view(B, T, 3, self.n_head, C // self.n_head).permute(2, 0, 3, 1, 4)  # [B, H, T, D]
        q, k = self.turned(norm(q), turn), self.turned(norm(k), turn)
        if seen is not None:  # what a person wants to look at costs a second attention
            seen.append((q @ k.transpose(-1, -2) / math.sqrt(q.size(-1))).softmax(-1).mean(1))  # [B, T, T]
        y = attend(q, k, v)
        return self.proj(y.transpose(1, 2).reshape(B, T, C))

    @staticmethod
    def turned(x: Tensor, turn: Tensor) -> Tensor:
        """x [B, H, T, D], its pairs of entries turned by `rotations` [2, T, D / 2]."""
        (a, b), (cos, sin) = x.chunk(2, dim=-1), turn.to(x.dtype)
        return torch.cat((a * cos - b * sin, a * sin + b * cos), dim=-1)


class Block(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.attention = Attention(config)
        self.mlp = MLP(config.n_embd)

    def forward(self, x: Tensor, turn: Tensor, seen: list[Tensor] | None = None) -> Tensor:
        x = x + self.attention(norm(x), turn, seen)
        return x + self.mlp(norm(x))


class Writer(nn.Module):
    """What a place shows, as the digits of its token: each from the features and the digits before it."""

    def __init__(self, config: Config):
        super().__init__()
        self.levels, C = config.tokenizer_levels, config.n_embd
        self.offsets = [sum(self.levels[:d]) for d in range(len(self.levels))]  # of each digit in a table of all digits
        self.earlier = nn.Embedding(sum(self.levels), C)  # what a digit tells the next ones of its token
        self.hidden = nn.ModuleList(nn.Linear(C, config.head * C, bias=False) for _ in self.levels)
        self.heads = nn.ModuleList(nn.Linear(config.head * C, levels) for levels in self.levels)
        for head in self.heads:
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)

    def forward(self, x: Tensor, digits: Tensor) -> tuple[Tensor, Tensor]:
        """Features x [M, C], digits int64 [M, D] -> each token's cross-entropy in nats [M], and whether every digit was the
        likeliest, bool [M]."""
        before, loss, right = torch.zeros_like(x), 0.0, torch.ones_like(digits[:, 0], dtype=torch.bool)
        for d in range(len(self.levels)):
            logits = self.logits(x, before, d)
            loss = loss + F.cross_entropy(logits, digits[:, d], reduction="none")
            right = right & (logits.detach().argmax(-1) == digits[:, d])
            before = self.told(before, digits[:, d], d)
        return loss, right

    def logits(self, x: Tensor, before: Tensor, d: int) -> Tensor:
        """Features x [..., C] and what digits 0 to d - 1 tell [..., C] -> logits of digit d, float32 [..., levels[d]]."""
        return self.heads[d](F.relu(self.hidden[d](norm(x + before))).square()).float()

    def told(self, before: Tensor, digit: Tensor, d: int) -> Tensor:
        """What digits 0 to d tell: that of those before, and digit d int64 [...]."""
        return before + self.earlier(self.offsets[d] + digit)


@dataclass
class Canvas:
    """A drawing under way.

    ids int64 [B, N]: tokens; where not decided bool [B, N] yet, what was last drawn for a look.
    total int64 [B]: how many were hidden at first; the others are given, and stay.
    """

    ids: Tensor
    decided: Tensor
    total: Tensor


@dataclass
class How:
    """How to draw.

    captions: ids [B, T]; all 0 draws freely.  other, blend: a second caption, and its weight in [0, 1].
    uniform: in [0, 1), [B, D + 1, N]: what each digit of each token is drawn with, and how the token's turn falls, so
        that sample i depends on its own numbers alone.
    rounds: in how many rounds the tokens are decided.  cfg_scale: 1 is no guidance.
    temperature: of the tokens; 0 takes the likeliest.  choice: of their order; 0 goes strictly by sureness.
    order: one of ORDERS: "halton" spreads over the picture (Besnier et al. 2025, "Halton Scheduler for Masked Generative
        Image Transformer"); "surest" decides where the drawn token is most probable (MaskGIT);
        "raster" goes row by row: autoregressive, with as many rounds as tokens.
    """

    captions: Tensor
    uniform: Tensor
    rounds: int = 10
    cfg_scale: float = 1.5
    temperature: float = 1.0
    choice: float = 1.0
    order: str = ORDERS[0]
    other: Tensor | None = None
    blend: float = 0.0


class Text2Image(nn.Module):
    Config = Config
    targets, layered = "caption", "tokenizer_layers"
    frozen = "tokenizer"  # the child that a trained checkpoint fills, and that takes no gradient

    def __init__(self, config: Config):
        super().__init__()
        if config.n_embd % (2 * config.n_head):
            raise ValueError(f"n_embd {config.n_embd} must divide by twice n_head {config.n_head}")
        self.config = config
        self.tokenizer = fsq.ImageTokenizer(config.tokenizer).requires_grad_(False)
        self.levels, self.tokens = config.tokenizer_levels, config.tokenizer.side**2
        self.mask_id = config.tokenizer.vocabulary  # one beyond the last token
        C = config.n_embd
        self.word = nn.Embedding(config.words, C)
        self.digit = nn.Embedding(sum(self.levels) + 1, C)  # the last row: hidden
        self.place = nn.Parameter(torch.randn(config.caption_length + self.tokens, C) / 2)
        turn = rotations(config.caption_length, config.tokenizer.side, C // config.n_head // 2)
        self.register_buffer("turn", turn, persistent=False)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layer))
        self.writer = Writer(config)

    @property
    def draws(self) -> tuple[int, int]:
        """Shape [D + 1, N] of the numbers that one picture is drawn with, see `How.uniform`."""
        return len(self.levels) + 1, self.tokens

    # -- training ------------------------------------------------------------------------------------------------

    @property
    def players(self) -> dict[str, nn.Module]:
        return {"text2image": self}

    @property
    def matrices(self) -> list[nn.Parameter]:
        """Hidden weight matrices: the parameters that Muon may orthogonalise."""
        return [*self.blocks.parameters(), *self.writer.hidden.parameters()]

    compilable = ("", "writer")

    def losses(self, batch: Batch) -> Iterator[tuple[str, Tensor, dict[str, Tensor]]]:
        """Cross-entropy of the hidden tokens in nats. batch.inputs uint8 [B, C, H, W], or in layers (see
        `ImageTokenizer.encode`), batch.targets caption ids [B, T].

        The hidden share is cos(pi r ** early / 2) with r uniform: MaskGIT's cosine schedule, by which every stage of decoding
        is trained, leaning towards the first rounds. There the caption alone says what is where, which is the hardest to
        learn: once a few tokens are known, they give the rest away. At least one token is hidden.
        """
        ids = self.tokenizer.encode(batch.inputs)  # [B, N]
        noise, device = batch.noise, ids.device
        share = torch.cos(math.pi / 2 * noise.uniform(1).to(device) ** self.config.early)  # [B, 1]
        rank = noise.uniform(self.tokens).to(device).argsort(1).argsort(1)
        hidden = rank < (share * self.tokens).ceil().clamp(min=1)  # [B, N]
        dropped = noise.uniform(1).to(device) < self.config.label_drop
        captions = batch.targets.masked_fill(dropped, 0)
        x = self(captions, ids.masked_fill(hidden, self.mask_id))[hidden]  # [M, C]
        digits = self.tokenizer.fsq.digits(ids[hidden])  # [M, D]
        loss, right = self.writer(x, digits)
        # Per picture, not per hidden token: then the batch's mean is the mean of its parts.
        stats = {"per_token": loss.detach().mean(), "right": right.float().mean()}
        yield "text2image", loss.sum() / hidden.numel(), stats

    def forward(self, captions: Tensor, ids: Tensor, seen: list[Tensor] | None = None) -> Tensor:
        """captions int64 [B, T], ids int64 [B, N] (mask_id where hidden) -> features [B, N, C] for the writer.

        seen: a list that takes each block's attention [B, T + N, T + N], averaged over heads.
        """
        hidden = ids == self.mask_id
        digits = self.tokenizer.fsq.digits(ids.masked_fill(hidden, 0))  # [B, N, D]
        token = self.digit(digits + torch.tensor(self.writer.offsets, device=ids.device)).sum(2)
        token = torch.where(hidden[..., None], self.digit.weight[-1], token)
        x = norm(torch.cat((norm(self.word(captions)), norm(token)), dim=1) + self.place)  # [B, T + N, C]
        for block in self.blocks:
            x = block(x, self.turn, seen)
        return norm(x[:, captions.size(1) :])

    # -- drawing -------------------------------------------------------------------------------------------------

    def look(self, ids: Tensor, how: How) -> tuple[Tensor, Tensor]:
        """What the known tokens of ids [B, N] (mask_id where hidden) and each of K conditions say of every place: features
        [K, B, N, C], and how much each condition weighs [K].

        Guidance pushes the logits away from those of no caption (Ho & Salimans 2022, eq. 6):
        nothing + cfg_scale (caption - nothing).
        """
        conditions = [(1 - how.blend, how.captions)]
        if how.other is not None:
            conditions.append((how.blend, how.other))
        weights = [how.cfg_scale * weight for weight, _ in conditions]
        asked = [captions for _, captions in conditions]
        if how.cfg_scale != 1:
            weights.append(1 - how.cfg_scale)
            asked.append(torch.zeros_like(how.captions))
        x = self(torch.cat(asked), ids.repeat(len(asked), 1)).unflatten(0, (len(asked), -1))
        return x, torch.tensor(weights, device=x.device)

    def write(self, look: tuple[Tensor, Tensor], where: Tensor, how: How) -> tuple[Tensor, Tensor]:
        """A token for each of M places, `where` bool [B, N], from what `look` found: ids [M], and their probabilities, at
        temperature 1 [M]."""
        x, weight = look[0][:, where], look[1][:, None, None]  # [K, M, C], [K, 1, 1]
        uniform = how.uniform.transpose(1, 2)[where]  # [M, D + 1]
        before, probability, digits = torch.zeros_like(x[0]), x.new_ones(x.size(1)), []
        for d in range(len(self.levels)):
            logits = (weight * self.writer.logits(x, before, d)).sum(0)  # [M, levels[d]]
            digit = choose(logits, uniform[:, d], how.temperature)
            probability = probability * logits.softmax(-1).gather(-1, digit[..., None])[..., 0]
            before = self.writer.told(before, digit, d)
            digits.append(digit)
        return self.tokenizer.fsq.join(torch.stack(digits, -1)), probability

    @torch.inference_mode()
    def decide(self, canvas: Canvas, k: int, how: How, rough: bool = True) -> Canvas:
        """Round k of how.rounds: decide as many of the hidden tokens as the schedule lets, all at once.

        After round k a share 1 - cos(pi k / 2 rounds) of what was hidden at first is decided (MaskGIT's cosine schedule:
        few at the start, when everything is open). In "raster" order each round decides the next token.

        rough: draw the others as well, for someone to look at; the next round knows nothing of it. What is decided is the
        same without, and computed by itself, so that it is the same to the bit.
        """
        decided, total = canvas.decided, canvas.total
        look = self.look(canvas.ids.masked_fill(~decided, self.mask_id), how)
        share = k / how.rounds if how.order == "raster" else 1 - math.cos(math.pi / 2 * k / how.rounds)
        wanted = total if k >= how.rounds else (total * share).round().clamp(min=1).minimum(total)  # [B]
        if how.order == "surest":
            drawn, probability = self.write(look, ~decided, how)
            # Gumbel noise that fades keeps pictures from all beginning at the same place (MaskGIT, section 3.3).
            gumbel = -torch.log(-torch.log(how.uniform[:, -1].clamp(1e-6, 1 - 1e-6)))  # [B, N]
            sure = torch.ones_like(gumbel).masked_scatter(~decided, probability.clamp(min=1e-20)).log()
            score = sure + how.choice * (1 - k / how.rounds) * gumbel
        else:
            turns = torch.tensor(_turns(how.order, self.config.tokenizer.side), device=decided.device)
            score = -turns.expand_as(decided).float()
        score = score.masked_fill(decided, math.inf)
        rank = score.argsort(dim=1, descending=True, stable=True).argsort(dim=1)  # decided ones come first
        now = decided | (rank < (self.tokens - total + wanted)[:, None])
        if how.order == "surest":
            ids = canvas.ids.masked_scatter(~decided, drawn)
        else:
            ids = canvas.ids.masked_scatter(now & ~decided, self.write(look, now & ~decided, how)[0])
            if rough and not now.all():
                ids = ids.masked_scatter(~now, self.write(look, ~now, how)[0])
        return Canvas(ids, now, total)

    def blank(self, rows: int, device: torch.device | str = "cpu") -> Canvas:
        """A canvas on which nothing is decided."""
        ids = torch.zeros(rows, self.tokens, dtype=torch.int64, device=device)
        return Canvas(ids, torch.zeros_like(ids, dtype=torch.bool), torch.full((rows,), self.tokens, device=device))

    def sample(self, canvas: Canvas, how: How, rough: bool = False) -> Iterator[Canvas]:
        """All rounds, one canvas after each; the last one is decided everywhere. rough: see `decide`."""
        for k in range(1, how.rounds + 1):
            canvas = self.decide(canvas, k, how, rough)
            yield canvas

    @torch.inference_mode()
    def certainty(self, captions: Tensor, ids: Tensor, count: int, chunk: int = 16) -> tuple[Tensor, Tensor, Tensor]:
        """How sure each token of one picture is, given all the others: ids [1, N], captions [1, T].

        Returns its probability [N], and the `count` likeliest tokens for its place [N, count] with theirs [N, count]
        (found by beam search over the digits).
        """
        N = self.tokens
        alone = ids.expand(N, N).masked_fill(torch.eye(N, dtype=torch.bool, device=ids.device), self.mask_id)
        x = torch.cat([
            self(captions.expand(len(part), -1), part)[range(len(part)), range(start, start + len(part))]
            for start, part in zip(range(0, N, chunk), alone.split(chunk))
        ])  # fmt: skip  # [N, C]
        digits = self.tokenizer.fsq.digits(ids[0])  # [N, D]
        own, before = torch.zeros(N, device=ids.device), torch.zeros_like(x)
        found, scores, paths = x.new_zeros(N, 1, x.size(-1)), x.new_zeros(N, 1), digits.new_zeros(N, 1, 0)
        for d, levels in enumerate(self.levels):
            own += self.writer.logits(x, before, d).log_softmax(-1).gather(-1, digits[:, d : d + 1])[:, 0]
            before = self.writer.told(before, digits[:, d], d)
            each = scores[..., None] + self.writer.logits(x[:, None], found, d).log_softmax(-1)  # [N, beams, levels]
            scores, best = each.flatten(1).topk(min(count, each[0].numel()), dim=1)
            beam, digit = best // levels, best % levels
            found = found.gather(1, beam[..., None].expand(-1, -1, found.size(-1)))
            found = self.writer.told(found, digit, d)
            paths = torch.cat((paths.gather(1, beam[..., None].expand(-1, -1, d)), digit[..., None]), dim=-1)
        return own.exp(), self.tokenizer.fsq.join(paths), scores.exp()

    @torch.inference_mode()
    def attention(self, captions: Tensor, ids: Tensor) -> Tensor:
        """How much each image token looks at each word: [B, N, T], rows summing to at most 1, mean over the blocks."""
        seen: list[Tensor] = []
        self(captions, ids, seen)
        T = captions.size(1)
        return torch.stack(seen).mean(0)[:, T:, :T]


def choose(logits: Tensor, uniform: Tensor, temperature: float) -> Tensor:
    """One of V for each place: logits [..., V], uniform [...] -> int64 [...], by the inverse of the distribution
    function; temperature 0 takes the likeliest."""
    if temperature == 0:
        return logits.argmax(-1)
    cumulative = (logits / temperature).softmax(-1).double().cumsum(-1)
    found = torch.searchsorted(cumulative, (uniform.double() * cumulative[..., -1])[..., None], right=True)
    return found.squeeze(-1).clamp(max=logits.size(-1) - 1)


@lru_cache(maxsize=8)
def _turns(order: str, side: int) -> list[int]:
    """For each place of the grid, row by row, its turn."""
    cells = side * side
    if order != "halton":
        return list(range(cells))

    def radical(i: int, base: int) -> float:
        """The digits of i in a base, mirrored behind the point: a Halton sequence's coordinate."""
        value, share = 0.0, 1.0
        while i:
            share /= base
            value += share * (i % base)
            i //= base
        return value

    turns: dict[int, int] = {}
    i = 1
    while len(turns) < cells:
        turns.setdefault(int(radical(i, 2) * side) * side + int(radical(i, 3) * side), len(turns))
        i += 1
    return [turns[cell] for cell in range(cells)]
