"""Text to image: words become a plan, the plan becomes image tokens, many at a time.

Read top to bottom: Config, the writer of tokens, the painter, the model (losses, drawing). Words are read by a `Planner`
(models/planner.py), which settles what the picture is to show and where. The painter is a transformer over the plan and the
image tokens of a frozen `ImageTokenizer`, so that one checkpoint draws pictures from words. Its training hides a random
share of the tokens, and of the plan (Chang et al. 2022, "MaskGIT", section 3.2); drawing starts with all tokens hidden and
decides some in each round.

Without a plan, every token had to be guessed from words alone while it was still open where everything stands: nearly all that
the painter could learn from was what cannot be known. It also means that words are understood, and combined as they
never were in training, by a small model that sees nothing but words and plans.

A token is a number of very many values (8 ** 16), whose digits are the tokenizer's code channels. No table has that many
rows: neighbouring digits are joined to symbols of up to 512 values. A token goes in as the sum of its symbols' embeddings,
and comes out symbol by symbol, each given those before it.
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

from genai.models import family, fsq
from genai.models.attention import Block, rotations, unturned
from genai.models.batch import Batch, Noise
from genai.models.layers import norm, queued
from genai.models.planner import Planner, choose

ORDERS = ("halton", "surest", "raster")
SYMBOL = 512  # values of a symbol, at most
EARLY = 2.0  # the larger, the more of the pictures it learns from are nearly all hidden; 1 is MaskGIT
REACH = 4  # cells from a place at which the painter is told where it is seen from there


PICTURES = 9  # that are drawn of the same words


@dataclass(frozen=True)
class Config(family.Config):
    words: int = 400  # ids of the caption vocabulary; 0 is padding
    caption_length: int = 20
    plan: tuple[int, ...] = (8, 8, 24, 25, 10, 11, 3, 4, 3)  # of each entry of a plan that is no place: its choices
    places: tuple[int, ...] = (4, 1)  # for each thing that may be in a picture: in how many places at most
    plan_layer: int = 3  # the planner's layers, heads and width
    plan_head: int = 4
    plan_embd: int = 128
    n_layer: int = 4  # the painter's
    n_head: int = 5
    n_embd: int = 160
    label_drop: float = 0.1  # share of captions, and of plans, that training leaves out: what guidance is measured from
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
        "plan_layer": (1, 1000),
        "plan_head": (1, 1000),
        "plan_embd": (2, 65_536),
        "n_layer": (1, 1000),
        "n_head": (1, 1000),
        "n_embd": (2, 65_536),
        "label_drop": (0, 0.9),
    }

    @property
    def tokenizer(self) -> fsq.Config:
        return fsq.Config(
            image_size=self.image_size, channels=self.channels, patch=self.tokenizer_patch,
            levels=self.tokenizer_levels, hidden=self.tokenizer_hidden,
            widths=self.tokenizer_widths, blocks=self.tokenizer_blocks, layers=self.tokenizer_layers,
        )  # fmt: skip

    @property
    def choices(self) -> tuple[int, ...]:
        """Of each entry of a plan; a place is a cell, or the number of cells: nowhere."""
        return (*self.plan, *[self.tokenizer.side**2 + 1] * sum(self.places))

    @property
    def symbols(self) -> tuple[int, ...]:
        """A token's symbols: within each of the tokenizer's layers, digits are joined as far as they fit."""
        joined, levels = [], iter(self.tokenizer_levels)
        for count in self.tokenizer_layers or (len(self.tokenizer_levels),):
            symbol = 1
            for level in (next(levels) for _ in range(count)):
                if symbol * level > SYMBOL:
                    joined.append(symbol)
                    symbol = 1
                symbol *= level
            joined.append(symbol)
        return tuple(joined)


class Writer(nn.Module):
    """What a place shows, as the symbols of its token: each from the features and the symbols before it."""

    def __init__(self, config: Config):
        super().__init__()
        self.symbols, C = config.symbols, config.n_embd
        self.offsets = [sum(self.symbols[:d]) for d in range(len(self.symbols))]  # of each in a table of all symbols
        if len(self.symbols) > 1:
            self.earlier = nn.Embedding(sum(self.symbols), C)  # what a symbol tells the next ones of its token
        self.hidden = nn.ModuleList(nn.Linear(C, C, bias=False) for _ in self.symbols)
        self.heads = nn.ModuleList(nn.Linear(C, count) for count in self.symbols)
        for head in self.heads:
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)

    def forward(self, x: Tensor, token: Tensor) -> tuple[Tensor, Tensor]:
        """Features x [M, C], symbols int64 [M, D] -> each token's cross-entropy in nats [M], and whether every symbol was the
        likeliest, bool [M]."""
        before, loss, right = torch.zeros_like(x), 0.0, torch.ones_like(token[:, 0], dtype=torch.bool)
        for d in range(len(self.symbols)):
            logits = self.logits(x, before, d)
            loss = loss + F.cross_entropy(logits, token[:, d], reduction="none")
            right = right & (logits.detach().argmax(-1) == token[:, d])
            before = self.extend(before, token[:, d], d)
        return loss, right

    def logits(self, x: Tensor, before: Tensor, d: int) -> Tensor:
        """Features x [..., C] and what symbols 0 to d - 1 tell [..., C] -> logits of symbol d, float32 [..., symbols[d]]."""
        return self.heads[d](F.relu(self.hidden[d](norm(x + before))).square()).float()

    def extend(self, before: Tensor, symbol: Tensor, d: int) -> Tensor:
        """What symbols 0 to d tell: that of those before, and symbol d int64 [...]."""
        return before + self.earlier(self.offsets[d] + symbol) if d + 1 < len(self.symbols) else before


class Painter(nn.Module):
    """A transformer over a plan and image tokens; each may be hidden."""

    def __init__(self, config: Config):
        super().__init__()
        C, side, P, things = config.n_embd, config.tokenizer.side, len(config.choices), len(config.places)
        self.first_place = len(config.plan)
        self.entry = nn.Parameter(torch.randn(P, C))  # which entry of the plan it is, whatever it says
        self.plan = nn.Embedding(sum(config.choices) + P, C)  # of each entry the last row: hidden
        self.token = nn.Embedding(sum(config.symbols) + 1, C)  # the last row: hidden
        self.place = nn.Parameter(torch.randn(side * side, C) / 2)
        window = (2 * REACH + 1) ** 2
        if things:
            self.near = nn.Embedding(things * window + 1, C, padding_idx=things * window)  # the last row: out of reach
        self.blocks = nn.ModuleList(Block(C, config.n_head) for _ in range(config.n_layer))
        self.writer = Writer(config)
        pairs = C // config.n_head // 2
        turn = torch.cat((unturned(P, pairs), rotations(0, side, pairs)), dim=1)
        self.register_buffer("turn", turn, persistent=False)
        offsets = torch.tensor([0, *config.choices]).cumsum(0)[:-1] + torch.arange(P)
        self.register_buffer("plan_offsets", offsets, persistent=False)
        self.register_buffer("symbol_offsets", torch.tensor(self.writer.offsets), persistent=False)
        owner = torch.tensor([t for t, count in enumerate(config.places) for _ in range(count)], dtype=torch.int64)
        seen_from = _window(side).expand(len(owner), -1, -1)  # [places, cells + 2, cells]
        rows = torch.where(seen_from == window, things * window, seen_from + owner[:, None, None] * window)
        self.register_buffer("window", rows, persistent=False)

    def forward(self, plan: Tensor, token: Tensor, hidden: Tensor, seen: list[Tensor] | None = None) -> Tensor:
        """plan int64 [B, P] (an entry's number of choices: hidden), symbols int64 [B, N, D], hidden bool [B, N] -> features
        [B, N, C] for the writer.

        seen: a list that takes each block's attention [B, P + N, P + N], averaged over heads.
        """
        known = self.token(token + self.symbol_offsets).sum(2)
        token = torch.where(hidden[..., None], self.token.weight[-1], known)
        cells = norm(token) + self.place
        if len(self.window):
            # A cell is told which part of a thing it would be: how far it is from each place that is settled.
            slots = torch.arange(len(self.window), device=plan.device)
            cells = cells + self.near(self.window[slots, plan[:, self.first_place :]]).sum(1)  # [B, N, C]
        x = torch.cat((norm(self.plan(plan + self.plan_offsets)) + self.entry, cells), dim=1)
        x = norm(x)  # [B, P + N, C]
        for block in self.blocks:
            x = block(x, self.turn, seen=seen)
        return norm(x[:, plan.size(1) :])


def _window(side: int) -> Tensor:
    """For a place (a cell; nowhere; hidden) and a cell, where the cell is seen from the place: [side ** 2 + 2, side ** 2],
    the last number where it is out of REACH."""
    row, column = torch.arange(side * side) // side, torch.arange(side * side) % side
    down, right = (axis[None, :] - axis[:, None] for axis in (row, column))
    width = 2 * REACH + 1
    number = (down + REACH) * width + right + REACH
    number = number.masked_fill((down.abs() > REACH) | (right.abs() > REACH), width**2)
    return torch.cat((number, torch.full((2, side * side), width**2)))


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

    plan: int64 [B, P], see `Text2Image.make_plan`.
    uniform: in [0, 1), [B, *draws], see `Text2Image.draws`.
    rounds: in how many rounds the tokens are decided.  cfg_scale: how much more than no plan the plan counts; 1 is no guidance.
    temperature: of the tokens; 0 takes the likeliest.
    order: one of ORDERS: "halton" spreads over the picture (Besnier et al. 2025, "Halton Scheduler for Masked Generative
        Image Transformer"); "surest" decides where the drawn token is most probable (MaskGIT);
        "raster" goes row by row: autoregressive, with as many rounds as tokens.
    """

    plan: Tensor
    uniform: Tensor
    rounds: int = 10
    cfg_scale: float = 1.0
    temperature: float = 1.0
    order: str = ORDERS[0]


class Text2Image(family.Family):
    Config = Config
    compilable = ("planner", "painter", "painter.writer")
    at_once = PICTURES
    kind, frozen = "captions", "tokenizer"
    likelihood = True

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.tokenizer = fsq.ImageTokenizer(config.tokenizer).requires_grad_(False)
        self.tokens = config.tokenizer.side**2
        if not 0 < len(config.choices) <= self.tokens:
            raise ValueError(f"a plan of {len(config.choices)} entries does not fit {self.tokens} tokens")
        self.mask_id = config.tokenizer.vocabulary  # one beyond the last token
        self.planner = Planner(config.words, config.caption_length, config.choices, config.plan_embd, config.plan_layer,
                               config.plan_head)  # fmt: skip
        self.painter = Painter(config)
        self.symbols = fsq.FSQ(config.symbols)  # only counts: a token's symbols are the digits of a number, too
        self.register_buffer("open", torch.tensor(config.choices), persistent=False)  # a plan in which all is hidden

    @property
    def writer(self) -> Writer:
        return self.painter.writer

    @property
    def draws(self) -> tuple[int, int]:
        """Shape [D + 2, N] of the numbers that one picture is drawn with: what each symbol of each token is drawn with, how
        its turn falls, and what the plan is drawn with. So sample i depends on its own numbers alone."""
        return len(self.config.symbols) + 2, self.tokens

    # -- training ------------------------------------------------------------------------------------------------

    @classmethod
    def widths_drawn(cls, config: Config) -> tuple[int, ...]:
        return tuple(reversed(config.tokenizer_widths))

    @classmethod
    def working_numbers(cls, config: Config) -> int:
        """A picture's, or attention's scores, with the words and without them (guidance)."""
        tokens = config.tokenizer.side**2
        return max(super().working_numbers(config), 2 * PICTURES * config.n_head * tokens**2)

    @classmethod
    def options(cls, config: dict) -> dict:
        return super().options(config) | {"targets": "plan", "layered": bool(config["tokenizer_layers"])}

    @property
    def players(self) -> dict[str, nn.Module]:
        return {"planner": self.planner, "painter": self.painter}

    @property
    def matrices(self) -> list[nn.Parameter]:
        """Hidden weight matrices: the parameters that Muon may orthogonalise."""
        return [*self.planner.blocks.parameters(), *self.painter.blocks.parameters(), *self.writer.hidden.parameters()]

    def losses(self, batch: Batch) -> Iterator[tuple[str, Tensor, dict[str, Tensor]]]:
        """Cross-entropy in nats: of the plan's entries, then of the hidden tokens. batch.inputs uint8 [B, C, H, W], or in
        layers (see `ImageTokenizer.encode`); batch.targets caption ids and plan int64 [B, T + P].

        The hidden share of the tokens is cos(pi r ** EARLY / 2) with r uniform: MaskGIT's cosine schedule, by which every
        stage of decoding is trained, leaning towards the first rounds. At least one token is hidden.
        """
        noise = batch.noise
        captions, plan = batch.targets.split([self.config.caption_length, len(self.open)], dim=1)
        dropped = noise.uniform(1).to(plan.device) < self.config.label_drop
        loss, right = self.planner.loss(captions.masked_fill(dropped, 0), plan)
        # Per entry and per token, hidden or not: then the batch's mean is the mean of its parts.
        yield "planner", loss.mean(), {"right": right.float().mean()}

        ids = self.tokenizer.encode(batch.inputs)  # [B, N]
        share = torch.cos(math.pi / 2 * noise.uniform(1).to(ids.device) ** EARLY)  # [B, 1]
        rank = noise.uniform(self.tokens).to(ids.device).argsort(1).argsort(1)
        hidden = rank < (share * self.tokens).ceil().clamp(min=1)  # [B, N]
        token = self.symbols.digits(ids)  # [B, N, D]
        x = self.painter(self.withheld(plan, noise), token, hidden)  # [B, N, C]
        # A CPU spares itself what is not hidden; a GPU has written it all before it could say how many those are.
        chosen = (lambda t: t.flatten(0, 1)) if queued(x) else (lambda t: t[hidden])
        x, token, asked = chosen(x), chosen(token), chosen(hidden)  # [M, C], [M, D], [M]
        loss, right = self.writer(x, token)
        loss = loss * asked
        stats = {"per_token": loss.detach().sum() / asked.sum(), "right": (right & asked).sum() / asked.sum()}
        yield "painter", loss.sum() / hidden.numel(), stats

    def withheld(self, plan: Tensor, noise: Noise) -> Tensor:
        """plan int64 [B, P], some of its entries hidden: all of them for `label_drop` of the pictures; else sometimes the
        places, and sometimes others one by one, as where a part of a picture is drawn anew, of which not all is known."""
        first, P = len(self.config.plan), plan.size(1)
        all_of_it, places, others = noise.uniform(3).to(plan.device)[..., None].unbind(1)  # [B, 1] each
        # Of one picture in six a share of the other entries that is uniform itself.
        hide = noise.uniform(P).to(plan.device) < 1 - 6 * others
        hide[:, first:] = places < 1 / 6
        return torch.where(hide | (all_of_it < self.config.label_drop), self.open, plan)

    def features(self, plan: Tensor, ids: Tensor, seen: list[Tensor] | None = None) -> Tensor:
        """plan int64 [B, P], ids int64 [B, N] (mask_id where hidden) -> features [B, N, C] for the writer."""
        hidden = ids == self.mask_id
        return self.painter(plan, self.symbols.digits(ids.masked_fill(hidden, 0)), hidden, seen)

    # -- drawing -------------------------------------------------------------------------------------------------

    def make_plan(self, captions: Tensor, uniform: Tensor, cfg_scale: float = 1.0, temperature: float = 1.0,
             sure: float = 0.0, instead: Tensor | None = None, where: Tensor | None = None, placed: bool = True,
             **more) -> Tensor:  # fmt: skip
        """What the pictures of captions int64 [B, T] are to show, int64 [B, P]; all 0 is free.

        uniform: [B, *draws].  cfg_scale, temperature, more: see `Planner.fill`.
        sure: entries less probable than that are what the words do not say; they become `instead`, int64 [B, P], or hidden.
        where: bool [B, N]; things stand in these cells, or nowhere, but for the first.  placed: False hides where they stand.
        """
        first, allowed = len(self.config.plan), None
        if where is not None:
            others = torch.ones(len(where), sum(self.config.plan), dtype=torch.bool, device=where.device)
            somewhere = torch.cat((where, torch.zeros_like(where[:, :1])), 1)
            or_not = torch.cat((where, torch.ones_like(where[:, :1])), 1)
            places = [or_not if i else somewhere for i in range(sum(self.config.places))]
            allowed = torch.cat((others, *places), 1)
        uniform = uniform[:, -1, : len(self.open)]
        plan, probability = self.planner.fill(captions, uniform, cfg_scale, temperature, allowed=allowed, **more)
        unsaid = probability < sure
        unsaid[:, first:] = False  # a place that was drawn is one of many that fit: no words say it
        plan = torch.where(unsaid, self.open if instead is None else instead, plan)
        return plan if placed else torch.cat((plan[:, :first], self.open[first:].expand(len(plan), -1)), 1)

    def vary(self, plan: Tensor, captions: Tensor, uniform: Tensor, amount: float, **how) -> Tensor:
        """plan int64 [B, P] with a random share `amount` of its entries written anew, as the captions have them.

        Where things stand is one of them, and is written anew as well where anything else has become another.
        how: see `make_plan`.
        """
        first, redraw = len(self.config.plan), uniform[:, -2, : len(self.open)] < amount
        redraw[:, first:] = redraw[:, first : first + 1]
        new = self.make_plan(captions, uniform, given=torch.where(redraw, self.open, plan), **how)
        redraw[:, first:] |= (new != plan)[:, :first].any(1, keepdim=True)
        given = torch.where(redraw[:, first:], self.open[first:], plan[:, first:])
        return self.make_plan(captions, uniform, given=torch.cat((new[:, :first], given), 1), **how)

    def look(self, ids: Tensor, how: How) -> tuple[Tensor, Tensor]:
        """What the known tokens of ids [B, N] (mask_id where hidden) and the plan, or else none, say of every place: features
        [K, B, N, C], and how much each counts [K].

        Guidance pushes the logits away from those of no plan (Ho & Salimans 2022, eq. 6):
        nothing + cfg_scale (plan - nothing).
        """
        plans, weights = [how.plan], [how.cfg_scale]
        if how.cfg_scale != 1:
            plans.append(self.open.expand_as(how.plan))
            weights.append(1 - how.cfg_scale)
        x = self.features(torch.cat(plans), ids.repeat(len(plans), 1)).unflatten(0, (len(plans), -1))
        return x, torch.tensor(weights, device=x.device)

    def choose_tokens(self, look: tuple[Tensor, Tensor], where: Tensor, how: How) -> tuple[Tensor, Tensor]:
        """A token for each of M places, `where` bool [B, N], from what `look` found: ids [M], and their probabilities, at
        temperature 1 [M]."""
        x, weight = look[0][:, where], look[1][:, None, None]  # [K, M, C], [K, 1, 1]
        uniform = how.uniform.transpose(1, 2)[where]  # [M, D + 2]
        before, probability, token = torch.zeros_like(x[0]), x.new_ones(x.size(1)), []
        for d in range(len(self.config.symbols)):
            logits = (weight * self.writer.logits(x, before, d)).sum(0)  # [M, symbols[d]]
            symbol = choose(logits, uniform[:, d], how.temperature)
            probability = probability * logits.softmax(-1).gather(-1, symbol[..., None])[..., 0]
            before = self.writer.extend(before, symbol, d)
            token.append(symbol)
        return self.symbols.join(torch.stack(token, -1)), probability

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
            drawn, probability = self.choose_tokens(look, ~decided, how)
            # Gumbel noise that fades keeps pictures from all beginning at the same place (MaskGIT, section 3.3).
            gumbel = -torch.log(-torch.log(how.uniform[:, -2].clamp(1e-6, 1 - 1e-6)))  # [B, N]
            sure = torch.ones_like(gumbel).masked_scatter(~decided, probability.clamp(min=1e-20)).log()
            score = sure + (1 - k / how.rounds) * gumbel
        else:
            turns = torch.tensor(_turns(how.order, self.config.tokenizer.side), device=decided.device)
            score = -turns.expand_as(decided).float()
        score = score.masked_fill(decided, math.inf)
        rank = score.argsort(dim=1, descending=True, stable=True).argsort(dim=1)  # decided ones come first
        now = decided | (rank < (self.tokens - total + wanted)[:, None])
        if how.order == "surest":
            ids = canvas.ids.masked_scatter(~decided, drawn)
        else:
            ids = canvas.ids.masked_scatter(now & ~decided, self.choose_tokens(look, now & ~decided, how)[0])
            if rough and not now.all():
                ids = ids.masked_scatter(~now, self.choose_tokens(look, ~now, how)[0])
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
    def certainty(self, plan: Tensor, ids: Tensor, count: int, chunk: int = 16) -> tuple[Tensor, Tensor, Tensor]:
        """How sure each token of one picture is, given all the others: ids [1, N], plan [1, P].

        Returns its probability [N], and the `count` likeliest tokens for its place [N, count] with theirs [N, count]
        (found by beam search over the symbols).
        """
        N = self.tokens
        alone = ids.expand(N, N).masked_fill(torch.eye(N, dtype=torch.bool, device=ids.device), self.mask_id)
        x = torch.cat([
            self.features(plan.expand(len(part), -1), part)[range(len(part)), range(start, start + len(part))]
            for start, part in zip(range(0, N, chunk), alone.split(chunk))
        ])  # fmt: skip  # [N, C]
        token = self.symbols.digits(ids[0])  # [N, D]
        own, before = torch.zeros(N, device=ids.device), torch.zeros_like(x)
        found, scores, paths = x.new_zeros(N, 1, x.size(-1)), x.new_zeros(N, 1), token.new_zeros(N, 1, 0)
        for d, values in enumerate(self.config.symbols):
            own += self.writer.logits(x, before, d).log_softmax(-1).gather(-1, token[:, d : d + 1])[:, 0]
            before = self.writer.extend(before, token[:, d], d)
            each = scores[..., None] + self.writer.logits(x[:, None], found, d).log_softmax(-1)  # [N, beams, values]
            scores, best = each.flatten(1).topk(min(count, each[0].numel()), dim=1)
            beam, symbol = best // values, best % values
            found = found.gather(1, beam[..., None].expand(-1, -1, found.size(-1)))
            found = self.writer.extend(found, symbol, d)
            paths = torch.cat((paths.gather(1, beam[..., None].expand(-1, -1, d)), symbol[..., None]), dim=-1)
        return own.exp(), self.symbols.join(paths), scores.exp()

    @torch.inference_mode()
    def attention(self, captions: Tensor, plan: Tensor, ids: Tensor) -> Tensor:
        """How much each image token looks at each word, through the plan: [B, N, T], rows summing to at most 1.

        A token looks at the plan's entries, and those were written looking at words, and at each other (attention rollout:
        Abnar & Zuidema 2020, eq. 1, without the residual).
        """
        read: list[Tensor] = []
        painted: list[Tensor] = []
        T, P = captions.size(1), plan.size(1)
        settled = torch.minimum(plan, self.open - 1)  # what is hidden from the painter was still written as something
        self.planner(captions, settled, read)
        self.features(plan, ids, painted)
        words = torch.stack(read).mean(0)[:, T:, :T]  # [B, P, T]
        return torch.stack(painted).mean(0)[:, P:, :P] @ words


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
