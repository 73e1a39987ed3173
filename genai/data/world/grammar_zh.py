"""Chinese sentences about a scene. Every form writes a group down when it names it, from the first character on."""

from __future__ import annotations

import re

from genai.data.world import lexicon_zh as lx
from genai.data.world.scene import Link
from genai.data.world.telling import ANIMALS, MANY, RIDDEN, RIDERS, Dice, Teller, Telling, does, turn, weighted

ITS = weighted({"": 5, "它的": 1, "它": 1})
SIDES = weighted({
    "{2}边是{0}，{3}边是{1}": 3, "{2}边有{0}，{3}边有{1}": 3, "{2}边{0}，{3}边{1}": 2, "{0}在{2}边，{1}在{3}边": 1,
    "{0}在{2}，{1}在{3}": 1,
})  # fmt: skip
PAIRS = weighted({
    "{a}在{w}": 26, "{w}有{a}": 22, "{w}{v}着{a}": 12, "{a}{v}在{w}": 11, "{w}的{a}": 6, "{w}是{a}": 4, "{a}位于{w}": 2,
    "在{w}有{a}": 3, "{b}，{s}有{a}": 5, "{b}，{s}是{a}": 2, "{b}{s}{v}着{a}": 2, "{b}和{s}的{a}": 2, "{w}{a}": 2,
    "{a}，在{w}": 1, "有{a}在{w}": 1, "{w}，{a}": 1,
})  # fmt: skip
AND = weighted({"和": 48, "与": 7, "跟": 6, "还有": 8, "，": 12, "、": 6, "以及": 3, "": 4, "，也有": 3})
LISTS = weighted({"{}、{}和{}": 5, "{}，{}，{}": 3, "{}和{}和{}": 2, "{}、{}、{}": 1, "{}，{}还有{}": 1, "{}{}{}": 1})
THIRD_WITH = weighted({"还有": 5, "": 3, "有": 2, "也有": 1})
THIRDS = weighted({"{s}，{w}有{c}": 6, "{s}，{w}是{c}": 2, "{s}，{w}{v}着{c}": 3, "{s}，{w}还有{c}": 1})
LANDSCAPES = weighted({"{m}的{p}": 5, "{p}，{m}": 2, "{m}，{p}": 2, "{p}的{m}": 1, "{m}{p}": 1})
ALONE = weighted({
    "{s}在{p}": 7, "{p}有{s}": 7, "{p}的{s}": 5, "{p}{v}着{s}": 2, "{s}{v}在{p}": 3, "{p}{s}": 2, "{p}是{s}": 1,
    "在{p}有{s}": 1, "{p}，{s}": 1,
})  # fmt: skip
AROUND = weighted({"{p}，{s}": 6, "{p}{s}": 3, "{s}，{p}": 2, "{s}，在{p}": 1, "在{p}，{s}": 1})
COMMA = weighted({"，": 3, "": 1})
WHEN = weighted({"{m}，{s}": 5, "{s}，{m}": 3, "{m}的{s}": 2, "{m}有{s}": 1, "{m}{s}": 1, "{s}在{m}": 1})
MEASURES = "".join(sorted({measure for nouns in lx.KINDS.values() for _, measure in nouns}))


def tell(telling: Telling, dice: Dice) -> str:
    return _Chinese(telling, dice).sentence()


class _Chinese(Teller):
    NOTHING = "一张 图片"

    def __init__(self, telling: Telling, dice: Dice):
        self.t, self.dice = telling, dice
        self.hidden: set[int] = set()  # groups whose colour is said elsewhere
        self.nouns = {i: self._noun(i) for i in range(len(telling.groups))}

    def _noun(self, i: int) -> tuple[str, str]:
        """A noun and its measure word; one that says more only where that is said anyway."""
        group = self.t.groups[i]
        while True:
            noun, measure = self.dice.one(lx.KINDS[group.kind], 0.45)
            attribute, value = lx.IMPLIES.get(noun, ("size", group.size if noun[0] != "小" else None))
            if getattr(group, attribute) == value:
                return noun, measure

    # -- things ------------------------------------------------------------------------------------------------

    def np(self, i: int) -> str:
        """Group i where the text first names it: 两只小红猫."""
        self.t.name(i)
        dice, noun = self.dice, self.nouns[i][0]
        count = self.counted(i)
        words = self.adjectives(i)
        if words and count and dice.chance(0.05):
            return f"{count}{noun}，{'，'.join(f'{self.full(word)}的' for word in words)}"
        if noun[0] == "大" and words and words[-1] == "大":
            words[-1] = "大 的"  # 大大象 would be read otherwise
        return count + self.joined(words) + noun

    def counted(self, i: int) -> str:
        """ "" or a number with its measure word."""
        count, dice, measure = self.t.groups[i].count, self.dice, self.nouns[i][1]
        if count is None:
            return ""
        if count == MANY:
            return f"{dice.one(lx.SEVERAL, 0.6)}{measure}" if dice.chance(0.4) else dice.one(lx.MANY)
        if lx.GROUPED.get(count) and dice.chance(0.12):
            return dice.one(lx.GROUPED[count])
        return f"{dice.one(lx.NUMBERS[count], 0.8)}{measure if dice.chance(0.93) else '个'}"

    def adjectives(self, i: int) -> list[str]:
        group, dice, noun = self.t.groups[i], self.dice, self.nouns[i][0]
        implied = lx.IMPLIES.get(noun, ("",))[0]
        words = [dice.one(lx.SIZES[group.size], 0.5)] if group.size and implied != "size" else []
        if group.colour and i not in self.hidden and implied != "colour":
            words.insert(len(words) if dice.chance(0.4) else 0, dice.one(lx.COLOURS[group.colour], 0.5))
        return words

    def joined(self, words: list[str]) -> str:
        """Before a noun: a single character needs no 的."""
        return "".join(
            w + ("的" if (" " in w and w[-1] != "的") or self.dice.chance(0.06 if len(w) == 1 else 0.75) else "")
            for w in words
        )

    def full(self, word: str) -> str:
        """As after 是: 红 -> 红色."""
        return {"大": "很 大", "小": "很 小"}.get(word, word)

    def the(self, i: int) -> str:
        """Group i, named before."""
        colour = self.t.groups[i].colour
        again = colour and (self.t.twin(i) or (i not in self.hidden and self.dice.chance(0.12)))
        return (lx.COLOURS[colour][0] if again else "") + self.nouns[i][0]

    def verb(self, i: int) -> str:
        return self.dice.one(lx.DOES[does(self.t.groups[i].kind)])

    def where(self, other: str, relation: str) -> str:
        """椅子的上面: the place that is so to another thing."""
        word = self.dice.one(lx.RELATIONS[relation], 0.45)
        return f"{other}{'的' if len(word) > 1 and self.dice.chance(0.35) else ''}{word}"

    def side(self, relation: str) -> str:
        """Of a thing just named: 旁边, 它的旁边."""
        words = [word for word in lx.RELATIONS[relation] if len(word) > 1] or ["上面"]
        return self.dice.one(ITS) + self.dice.one(words, 0.5)

    # -- one, two, three groups --------------------------------------------------------------------------------

    def single(self) -> str:
        dice, group = self.dice, self.t.groups[0]
        if (group.colour or group.size) and dice.chance(0.1):
            count, words = self.counted(0), self.adjectives(0)
            self.t.name(0)
            noun = self.nouns[0][0]
            if words and group.count is None:
                return f"{noun}是{self.full(words[0])}的" if len(words) == 1 else f"{noun}又{words[0]}又{words[1]}"
            if words:
                return f"{count}{noun}，{dice.one(('', '是', '它是'))}{'，'.join(f'{self.full(word)}的' for word in words)}"
            return count + noun
        return self.np(0)

    def pair(self, link: Link) -> str:
        """Two groups that are named here, and how they stand to each other."""
        a, relation, b, dice = link.a, link.relation, link.b, self.dice
        if relation == "with":
            return self.together([a, b])
        if relation in ("left_of", "right_of") and dice.chance(0.16):
            here, there = ("左", "右") if relation == "left_of" else ("右", "左")
            form = dice.one(SIDES)  # fmt: skip
            return form.format(self.np(a), self.np(b), here, there)
        if relation in ("on", "over") and dice.chance(0.2) and (worn := self.worn(a, b)):
            return worn
        if relation == "beside" and dice.chance(0.1):
            return f"{self.np(a)}{dice.one(('挨着', '靠近', '紧挨着'))}{self.np(b)}"
        verb = self.verb(a)
        form = dice.one(PAIRS)  # fmt: skip
        if form.startswith(("{a}", "有{a}")):
            named = self.np(a)
            return form.format(a=named, w=self.where(self.np(b), relation), v=verb)
        other = self.np(b)
        where = "" if "{w}" not in form else self.where(other, relation)
        return form.format(b=other, w=where, s=self.side(relation) if "{s}" in form else "", v=verb, a=self.np(a))

    def worn(self, a: int, b: int) -> str:
        """a on b, in a word for it; "" where there is none."""
        above, beneath = self.t.groups[a].kind, self.t.groups[b].kind
        if above == "hat" and (beneath in ANIMALS or beneath in ("robot", "duck", "bird")):
            if self.dice.chance(0.3):
                named = self.np(a)
                return f"戴{named}的{self.np(b)}"
            return f"{self.np(b)}{self.dice.one(('戴着', '头 上 戴着', '头 上 有'))}{self.np(a)}"
        if above in RIDERS and beneath in RIDDEN:
            return f"{self.np(a)}{self.dice.one(('骑着', '骑在', '骑'))}{self.np(b)}"
        return ""

    def together(self, which: list[int]) -> str:
        """Groups of which nothing is said but that they are there."""
        dice, groups = self.dice, [self.t.groups[i] for i in which]
        if (
            len(which) == 2
            and len({g.kind for g in groups}) == 1
            and all(g.count == 1 for g in groups)
            and dice.chance(0.5)
        ):
            words = [self.adjectives(i) for i in which]
            if all(words):
                for i in which:
                    self.t.name(i)
                noun, measure = self.nouns[which[0]]
                sizes = [group.size for group in groups]
                if not any(group.colour for group in groups) and set(sizes) == {"small", "large"} and dice.chance(0.5):
                    return f"两{measure}{noun}，{'一大一小' if sizes[0] == 'large' else '一小一大'}"
                said = [f"一{measure}{'、'.join(map(self.full, each))}的" for each in words]
                return f"{dice.one(('两', '2'))}{measure}{noun}，{said[0]}{dice.one(('，', ''))}{said[1]}"
        plain = all(group.colour and not self.t.twin(i) for i, group in zip(which, groups))
        if plain and all(group.count is None for group in groups) and dice.chance(0.3):
            said = []
            for i in which:
                self.t.name(i)
                said.append(f"{self.the(i)}是{dice.one(lx.COLOURS[self.t.groups[i].colour], 0.5)}的")
            return "，".join(said)
        named = [self.np(i) for i in which]
        if len(which) == 2:
            link = dice.one(AND)
            return link.join(named)
        return dice.one(LISTS).format(*named)

    def three(self) -> str:
        dice, links = self.dice, list(self.t.links)
        middle = self.t.between()
        if middle and dice.chance(0.35):
            m, x, y = middle if dice.chance(0.5) else (middle[0], middle[2], middle[1])
            self.t.links = [Link(m, "beside", x), Link(m, "beside", y)]
            if dice.chance(0.3):
                named = self.np(m)
                return f"{named}在{self.np(x)}和{self.np(y)}{dice.one(('之间', '中间', '的中间'))}"
            return (
                f"{self.np(x)}和{self.np(y)}{dice.one(('之间', '中间', '的中间'))}{dice.one(('有', '是'))}{self.np(m)}"
            )
        if all(link.relation == "with" for link in links):
            return self.together(sorted(range(3), key=lambda _: dice.random()))
        if dice.chance(0.35):
            links.reverse()
        first, second = links
        c = next(i for i in (second.a, second.b) if i not in (first.a, first.b))
        j = second.a + second.b - c
        if first.relation != "with" and second.relation != "with" and dice.chance(0.15):
            star = [link if link.b == j else turn(link) for link in links]
            if all(star) and j in (first.a, first.b):
                said = self.np(j)
                a, b = (f"{self.side(k.relation)}{dice.one(('有', '是'))}" for k in star)
                return f"{said}{dice.one(('，', ''))}{a}{self.np(star[0].a)}，{b}{self.np(star[1].a)}"
        if second.relation == "with":
            if dice.chance(0.25):
                return f"{self.np(c)}，{self.pair(first)}"
            said = self.pair(first)
            return f"{said}，{dice.one(THIRD_WITH)}{self.np(c)}"
        said = self.pair(first)
        outward = second if second.a == j else turn(second)  # j relation c
        inward = second if second.b == j else turn(second)
        if outward and (inward is None or dice.chance(0.4)):
            return f"{said}，{self.the(j)}在{self.where(self.np(c), outward.relation)}"
        where = self.where(self.the(j), inward.relation)
        if dice.chance(0.2):
            named = self.np(c)
            return f"{said}，{named}在{where}"
        form = dice.one(THIRDS)
        return form.format(s=said, w=where, c=self.np(c), v=self.verb(c))

    # -- places, and the sentence ------------------------------------------------------------------------------

    def when(self) -> list[str]:
        """Phrases for time and weather, in any order."""
        t, dice = self.t, self.dice
        if t.time and t.weather and dice.chance(0.35):
            return [dice.one(lx.WET[t.weather]) + dice.one(lx.HOURS[t.time])]
        found = [dice.one(lx.TIMES[t.time], 0.2)] if t.time else []
        if t.weather:
            found.insert(int(dice.random() * (len(found) + 1)), dice.one(lx.WEATHERS[t.weather], 0.25))
        return found

    def landscape(self) -> str:
        t, dice = self.t, self.dice
        if t.ground == "sky" and t.time == "night" and dice.chance(0.4):
            t_words = [dice.one(lx.WEATHERS[t.weather])] if t.weather else []
            return "，".join([*t_words, "夜空"])
        if t.ground:
            place, moments = dice.one(lx.PLACES[t.ground]), self.when()
            place = f"{dice.one(('只有', '空 的'))}{place}" if dice.chance(0.06) else place
            if not moments:
                return place
            form = dice.one(LANDSCAPES)
            return form.format(m=dice.one(("，", "")).join(moments), p=place)
        if t.time and t.weather and dice.chance(0.6):
            return dice.one(lx.WET[t.weather]) + dice.one(lx.HOURS[t.time])
        said = [dice.one(lx.MOMENTS[t.time])] if t.time else []
        return "，".join([*said, *([dice.one(lx.SKIES[t.weather])] if t.weather else [])])

    def around(self, said: str) -> str:
        """What is said of things, within what is said of place, time and weather."""
        t, dice = self.t, self.dice
        ground, time = t.ground, t.time
        place = ""
        if ground == "sky" and time == "night" and dice.chance(0.4):
            place, t.time = dice.one(lx.NIGHT_SKY[:2]), None
        elif ground:
            place = dice.one(lx.GROUNDS[ground], 0.2)
        moments = self.when()
        t.time = time
        alone = len(t.groups) == 1 or all(link.relation == "with" for link in t.links)
        if ground in ("mountains", "city", "sea", "forest") and dice.chance(0.05):
            said, place = f"{said}，{dice.one(('后面是', '背后是', '后面有'))}{dice.one(lx.PLACES[ground])}", ""
        if place:
            if moments and dice.chance(0.3):
                place, moments = f"{moments[0]}的{place}", moments[1:]
            if alone and dice.chance(0.8):
                form = dice.one(ALONE)  # fmt: skip
                said = form.format(s=said, p=place, v=self.verb(t.order[0]))
            else:
                said = dice.one(AROUND).format(p=place, s=said)
        if moments:
            text = dice.one(COMMA).join(moments)
            form = dice.one(WHEN)
            if form in ("{m}有{s}", "{m}的{s}", "{s}在{m}") and (place or not alone):
                form = "{m}，{s}"
            said = form.format(m=text, s=said)
        return said

    def postpone(self) -> str:
        """Which colours are said after all else, and the words for it."""
        t, dice = self.t, self.dice
        coloured = [i for i, g in enumerate(t.groups) if g.colour and not t.twin(i) and self.nouns[i][0] != "红心"]
        if len(t.groups) == 2 == len(coloured) and t.groups[0].colour == t.groups[1].colour and dice.chance(0.4):
            self.hidden = set(coloured)
            return f"，都是{dice.one(lx.COLOURS[t.groups[0].colour], 0.6)}的"
        if len(t.groups) < 2 or not coloured or not dice.chance(0.07):
            return ""
        late = coloured if dice.chance(0.4) else [dice.one(coloured)]
        self.hidden = set(late)
        return "".join(f"，{self.the(i)}是{dice.one(lx.COLOURS[t.groups[i].colour], 0.6)}的" for i in late)

    def negation(self) -> str:
        word = self.dice.one(lx.EMPTY_OF, 0.4)
        nouns = [self.dice.one(lx.KINDS[kind], 0.6)[0] for kind in self.t.absent]
        return self.dice.one((f"{word}{'和'.join(nouns)}", f"{word}{f'，也{word}'.join(nouns)}"))

    def sentence(self) -> str:
        t, dice, said = self.t, self.dice, self.said()
        if t.absent:
            said = f"{self.negation()}的{said}" if not t.groups and dice.chance(0.4) else f"{said}，{self.negation()}"
        if dice.chance(0.15):
            said = re.sub(f"有一(?=[{MEASURES}])", "有", said)
        r = dice.random()
        if r < 0.12:
            said = dice.one(lx.OPENINGS) + said
        elif r < 0.14:
            said += dice.one(lx.CLOSINGS)
        said = said.replace(" ", "").replace("，，", "，")
        for light in "光亮空阳":  # 月光下雪地 would be read as snowfall
            said = said.replace(f"{light}下雪", f"{light}下，雪")
        return said + ("。" if dice.chance(0.1) else "")
