"""English sentences about a scene. Every form writes a group down when it names it, from left to right."""

from __future__ import annotations

from genai.data.world import lexicon_en as lx
from genai.data.world.scene import Link
from genai.data.world.telling import ANIMALS, MANY, RIDDEN, RIDERS, Dice, Teller, Telling, does, turn, weighted

AFTER = weighted({"that {be} {words}": 6, "which {be} {words}": 3, ", {words},": 4})
ARTICLES = weighted({"a": 76, "": 9, "one": 7, "the": 6, "a single": 1, "1": 1})
SIDES = weighted({
    "on the {2} {0} and on the {3} {1}": 3, "{2} {0}, {3} {1}": 2, "{0} on the {2}, {1} on the {3}": 3,
    "on the {2} there is {0}, on the {3} there is {1}": 2, "{0} on the {2} and {1} on the {3}": 2,
    "{0} {2}, {1} {3}": 1, "on the {2} {0}, on the {3} {1}": 1,
})  # fmt: skip
PAIRS = weighted({
    "{a} {r} {b}": 46, "{a} {doing} {r} {b}": 8, "{a} {is} {r} {b}": 7, "{a} {do} {r} {b}": 4,
    "there {is} {a} {r} {b}": 7, "{r} {b} {is} {a}": 5, "{r} {b} there {is} {a}": 5, "{r} {b} {do} {a}": 3,
    "{r} {b}, {a}": 3, "{b} with {a} {it}": 9, "{b}, {it} {is} {a}": 3, "{b}, {it} {a}": 2, "{b} and {a} {it}": 2,
    "there {bes} {b} with {a} {it}": 2, "{b} that has {a} {it}": 1, "{b}, with {a} {it}": 1,
    "{a} that {is} {r} {b}": 2, "{b} has {a} {it}": 1,
})  # fmt: skip
TWINS = weighted({
    "one {} and one {}": 3, "one {}, one {}": 2, "one is {} and one is {}": 2, "one is {}, the other is {}": 1,
    "one of them is {}, the other {}": 1,
})  # fmt: skip
ALSO = weighted({" and ": 60, " with ": 15, ", ": 15, " together with ": 3, " along with ": 2, " and also ": 1})
BETWEEN = weighted({
    "{0} between {1} and {2}": 5, "{0} is between {1} and {2}": 1, "between {1} and {2} is {0}": 2,
    "between {1} and {2} there is {0}": 1, "there is {0} between {1} and {2}": 1,
})  # fmt: skip
THIRD_WITH = weighted({" and ": 6, ", ": 2, " with ": 2})
AND_THEN = weighted({", ": 3, " and ": 2, ". ": 1})
THIRDS = weighted({
    "{s} and {c} {r} {j}": 5, "{s}, {c} {r} {j}": 3, "{s}, {c} is {r} {j}": 2, "{s} and {r} {j} is {c}": 3,
    "{s}, {r} {j} there is {c}": 2, "{s}, {r} {j} {c}": 2, "{s}. {r} {j} is {c}": 1,
})  # fmt: skip
BACKGROUND = weighted({"with": 3, "in front of": 2, "and": 1})
WITHIN = weighted({" with ": 4, ", ": 2, " and ": 1})
BOTH = weighted({", both {}": 3, ", both are {}": 2, ". they are both {}": 1})
HERE = "\0"  # where a place may be said within what is said of things
FRONTED = weighted({", ": 10, " there {} ": 2, " {} ": 1})


def tell(telling: Telling, dice: Dice) -> str:
    return _English(telling, dice).sentence()


class _English(Teller):
    NOTHING = "a picture"

    def __init__(self, telling: Telling, dice: Dice):
        self.t, self.dice = telling, dice
        self.bare = dice.chance(0.1)  # no articles
        self.finite = False  # a sentence of its own, which no "draw me" can precede
        self.hidden: set[int] = set()  # groups whose colour is said elsewhere
        self.nouns = {i: self._noun(i) for i in range(len(telling.groups))}

    def _noun(self, i: int) -> str:
        group = self.t.groups[i]
        nouns = lx.KINDS[group.kind]
        if group.count is None:
            nouns = [noun for noun in nouns if noun in lx.BOTH_NUMBERS]
        noun = self.dice.one(nouns, 0.5)
        if group.count in (1, None):
            return noun
        return "fishes" if noun == "fish" and self.dice.chance(0.15) else lx.plural(noun)

    # -- things ------------------------------------------------------------------------------------------------

    def np(self, i: int) -> str:
        """Group i where the text first names it: "two small red cars"."""
        group, dice = self.t.name(i), self.dice
        words = self.adjectives(i)
        after = ""
        if words and group.count is not None and dice.chance(0.08):
            said = dice.one(AFTER)
            after, words = f" {said.format(be=self.be(i), words=' and '.join(words))}", []
        elif len(words) == 1 and group.colour and i not in self.hidden and dice.chance(0.01):
            after, words = f" in {words[0]}", []
        if len(words) == 2 and dice.chance(0.06):
            words = [" and ".join(words)]
        words.append(self.nouns[i])
        if group.count == 1:
            article = "" if self.bare else dice.one(ARTICLES)
            if article == "a" and words[0][0] in "aeiou":
                article = "an"
        elif group.count == MANY:
            article = "" if dice.chance(0.25) else dice.one(lx.MANY)
        elif group.count is None:
            article = "the" if dice.chance(0.1) else ""
        else:
            article = dice.one(lx.NUMBERS[group.count], 0.65)
        return f"{article} {' '.join(words)}{after}".lstrip()

    def adjectives(self, i: int) -> list[str]:
        group, dice = self.t.groups[i], self.dice
        words = [dice.one(lx.SIZES[group.size], 0.3)] if group.size else []
        if words and group.size != "medium" and dice.chance(0.04):
            words[0] = f"very {words[0]}"
        if group.colour and i not in self.hidden:
            colour = dice.one(lx.COLOURS[group.colour], 0.8)
            words.insert(0 if dice.chance(0.12) else len(words), colour)
        return words

    def several(self, i: int) -> bool:
        return self.t.groups[i].count not in (1, None)

    def be(self, i: int) -> str:
        return "are" if self.several(i) else "is"

    def the(self, i: int) -> str:
        """Group i, named before."""
        colour = self.t.groups[i].colour
        again = colour and (self.t.twin(i) or (i not in self.hidden and self.dice.chance(0.12)))
        colour = f"{lx.COLOURS[colour][0]} " if again else ""
        return f"{colour}{self.nouns[i]}" if self.bare else f"the {colour}{self.nouns[i]}"

    def it(self, i: int, phrase: str) -> str:
        """A phrase with "it" in it, of group i."""
        if not self.several(i):
            return phrase
        return " ".join({"it": "them", "its": "their"}.get(word, word) for word in phrase.split())

    def doing(self, i: int) -> str:
        return self.dice.one(lx.DOING[does(self.t.groups[i].kind)])

    def do(self, i: int) -> str:
        verb = self.dice.one(lx.DOES[does(self.t.groups[i].kind)])
        return lx.several_do(verb) if self.several(i) else verb

    def statement(self, text: str) -> str:
        self.finite = True
        return text

    # -- one, two, three groups --------------------------------------------------------------------------------

    def single(self) -> str:
        dice, group = self.dice, self.t.groups[0]
        if group.count == 1 and dice.chance(0.1) and (words := self.adjectives(0)):
            self.t.name(0)
            self.finite = True
            noun = f"a {self.nouns[0]}, it" if dice.chance(0.4) else self.the(0)
            return f"{noun} is {' and '.join(words)}"
        if dice.chance(0.1):
            return self.statement(f"there {self.be(0)} {self.np(0)}")
        if self.t.ground and dice.chance(0.25):
            if dice.chance(0.3):
                self.finite = True
                return f"{self.np(0)} {self.do(0)}"
            return f"{self.np(0)} {self.doing(0)}"
        return self.np(0)

    def pair(self, link: Link) -> str:
        """Two groups that are named here, and how they stand to each other."""
        a, relation, b, dice = link.a, link.relation, link.b, self.dice
        if relation == "with":
            return self.together([a, b])
        it = dice.one(lx.RELATIONS_IT[relation])
        phrase = dice.one(lx.RELATIONS[relation], 0.4)
        if relation in ("left_of", "right_of") and dice.chance(0.16):
            here, there = ("left", "right") if relation == "left_of" else ("right", "left")
            form = dice.one(SIDES)  # fmt: skip
            self.finite |= form[0] != "{" and "there" in form
            return form.format(self.np(a), self.np(b), here, there)
        if relation == "on" and dice.chance(0.25) and (worn := self.worn(a, b)):
            return worn
        form = dice.one(PAIRS)  # fmt: skip
        self.finite |= form in ("{a} {is} {r} {b}", "{a} {do} {r} {b}", "{b} has {a} {it}") or form[:3] in (
            "the",
            "{r}",
        )
        first, second = (a, b) if form.find("{a}") < form.find("{b}") else (b, a)
        named = {first: self.np(first)}
        named[second] = self.np(second)
        return form.format(a=named[a], b=named[b], r=phrase, it=self.it(b, it), bes=self.be(b),
                           doing=self.doing(a), do=self.do(a), **{"is": self.be(a)})  # fmt: skip

    def worn(self, a: int, b: int) -> str:
        """a on b, in a word for it; "" where there is none."""
        above, beneath = self.t.groups[a].kind, self.t.groups[b].kind
        if above == "hat" and (beneath in ANIMALS or beneath in ("robot", "duck", "bird")):
            verb = self.dice.one(("wearing", "wearing", "wears"))
            self.finite |= verb == "wears"
            return f"{self.np(b)} {verb} {self.np(a)}"
        if above in RIDERS and beneath in RIDDEN:
            verb = self.dice.one(("riding", "riding", "riding on", "rides"))
            self.finite |= verb == "rides"
            return f"{self.np(a)} {verb} {self.np(b)}"
        if above not in ANIMALS and beneath in (*ANIMALS, "truck", "boat"):
            return f"{self.np(b)} carrying {self.np(a)}"
        return ""

    def together(self, which: list[int]) -> str:
        """Groups of which nothing is said but that they are there."""
        dice, groups = self.dice, [self.t.groups[i] for i in which]
        if [(group.kind, group.count) for group in groups] == [(groups[0].kind, 1)] * 2 and dice.chance(0.6):
            words = [self.adjectives(i) for i in which]
            if all(words):
                for i in which:
                    self.t.name(i)
                noun = lx.plural(self.nouns[which[0]])
                form = dice.one(("two {}{}, ", "two {}{}, ", "there are two {}{}, ")).format(noun, HERE)
                self.finite |= form.startswith("there")
                return form + dice.one(TWINS).format(*map(" ".join, words))
        plain = all(group.colour and group.count == 1 and not self.t.twin(i) for i, group in zip(which, groups))
        if plain and not self.hidden and dice.chance(0.12):
            said = []
            for i in which:
                self.t.name(i)
                said.append(f"{self.the(i)} is {' and '.join(self.adjectives(i))}")
            return self.statement(f"{', '.join(said[:-1])}{dice.one((' and', ','))} {said[-1]}")
        named = [self.np(i) for i in which]
        link = dice.one(ALSO)
        said = f"{', '.join(named[:-1])}{link}{named[-1]}" if dice.chance(0.8) else link.join(named)
        r = dice.random()
        if r < 0.1:
            return self.statement(f"there {dice.one((self.be(which[0]), 'are'))} {said}")
        if r < 0.14 and len(which) == 2:
            return self.statement(f"{named[0]} has {named[1]}")
        return f"both {said}" if r < 0.16 and len(which) == 2 else said

    def three(self) -> str:
        dice, links = self.dice, list(self.t.links)
        middle = self.t.between()
        if middle and dice.chance(0.35):
            m, x, y = middle if dice.chance(0.5) else (middle[0], middle[2], middle[1])
            self.t.links = [Link(m, "beside", x), Link(m, "beside", y)]
            form = dice.one(BETWEEN)  # fmt: skip
            self.finite |= "is" in form.split()
            if form.startswith("between"):
                named = [self.np(x), self.np(y)]
                return form.format(self.np(m), *named)
            return form.format(self.np(m), self.np(x), self.np(y))
        if all(link.relation == "with" for link in links):
            return self.together([int(i) for i in sorted(range(3), key=lambda _: dice.random())])
        if dice.chance(0.35):
            links.reverse()
        first, second = links
        c = next(i for i in (second.a, second.b) if i not in (first.a, first.b))
        j = second.a + second.b - c
        if first.relation != "with" and second.relation != "with" and dice.chance(0.12):
            star = [link if link.b == j else turn(link) for link in links]
            if all(star) and j in (first.a, first.b):
                said = [self.np(j)]
                said += [f"{self.it(j, dice.one(lx.RELATIONS_IT[k.relation]))} {self.np(k.a)}" for k in star]
                return ", ".join(said)
        if second.relation == "with":
            if dice.chance(0.2):
                return f"{self.np(c)} and {self.pair(first)}"
            said = self.pair(first)
            return f"{said}{dice.one(THIRD_WITH)}{self.np(c)}"
        said = self.pair(first)
        outward = second if second.a == j else turn(second)  # j relation c
        inward = second if second.b == j else turn(second)
        last = self.t.order[-1]
        # "a hat on a cat on a chair"; but in "a cat and a dog on a chair" both are.
        if outward and j == last and first.relation != "with" and dice.chance(0.45):
            return f"{said} {dice.one(lx.RELATIONS[outward.relation], 0.5)} {self.np(c)}"
        if outward and dice.chance(0.3):
            link = dice.one(AND_THEN)
            return (
                f"{said}{link}{self.the(j)} {self.be(j)} {dice.one(lx.RELATIONS[outward.relation], 0.5)} {self.np(c)}"
            )
        if inward:
            phrase = dice.one(lx.RELATIONS[inward.relation], 0.5)
            if j == last and first.relation != "with" and dice.chance(0.3):
                return f"{said} with {self.np(c)} {self.it(j, dice.one(lx.RELATIONS_IT[inward.relation]))}"
            form = dice.one(THIRDS)  # fmt: skip
            return form.format(s=said, c=self.np(c), r=phrase, j=self.the(j))
        return f"{said}, {self.the(j)} {self.be(j)} {dice.one(lx.RELATIONS[outward.relation], 0.5)} {self.np(c)}"

    # -- places, and the sentence ------------------------------------------------------------------------------

    def landscape(self) -> str:
        """A scene of nothing but a place."""
        t, dice = self.t, self.dice
        if t.ground:
            head = dice.one(lx.PLACES[t.ground])
            if t.weather and dice.chance(0.25):
                head, said = self.wet_place(head)
                tail = self.when(weather=not said)
            else:
                tail = self.when()
            if dice.chance(0.08):
                head = f"{dice.one(('just', 'nothing but', 'an empty', 'only'))} {head.removeprefix('a ')}"
            return " ".join((head, *tail))
        if t.time and t.weather and dice.chance(0.5):
            return f"a {self.wet()} {dice.one(lx.HOURS[t.time])}"
        if t.time:
            return " ".join((dice.one(lx.MOMENTS[t.time]), *([self.sky()] if t.weather else [])))
        return dice.one(lx.SKIES[t.weather])

    def sky(self) -> str:
        return self.dice.one(lx.WEATHERS[self.t.weather], 0.3)

    def wet(self) -> str:
        """The weather before a noun; no night is sunny."""
        words = lx.WET[self.t.weather]
        return self.dice.one(words[1:] if words[0] == "sunny" and self.t.time == "night" else words)

    def wet_place(self, phrase: str) -> tuple[str, bool]:
        """ "on the street" -> "on the rainy street", and whether that can be said."""
        *before, article, noun = ("", *phrase.split()) if " " in phrase else ("", "", phrase)
        if article not in ("a", "the") or self.t.ground in ("snow", "room", "underwater", "sky"):
            return phrase, False
        return " ".join((*before, article, self.wet(), noun)).lstrip(), True

    def when(self, weather: bool = True) -> list[str]:
        """Phrases for time and weather, in any order."""
        t, dice = self.t, self.dice
        weather = weather and t.weather is not None
        if t.time and weather and dice.chance(0.35):
            return [f"on a {self.wet()} {dice.one(lx.HOURS[t.time])}"]
        if weather and t.weather != "clear" and t.time is None and dice.chance(0.15):
            return [f"on a {self.wet()} day"]
        if dice.chance(0.08):  # "a tent in the snow, sunset"
            return [
                *([dice.one(lx.MOMENTS[t.time])] if t.time else []),
                *([dice.one(lx.SKIES[t.weather])] if weather else []),
            ]
        found = [dice.one(lx.TIMES[t.time], 0.35)] if t.time else []
        if weather:
            found.insert(0 if dice.chance(0.4) else len(found), self.sky())
        return found

    def around(self, said: str) -> str:
        """What is said of things, within what is said of place, time and weather."""
        t, dice = self.t, self.dice
        place = dice.one(lx.GROUNDS[t.ground], 0.25) if t.ground else ""
        wet = False
        if place and t.weather and dice.chance(0.15):
            place, wet = self.wet_place(place)
        tail = self.when(weather=not wet)
        if wet:
            tail.insert(0, place)
        elif t.ground:
            r = dice.random()
            if r < 0.07 and t.ground in lx.BEYOND and not self.finite:
                tail.insert(0, f"{dice.one(BACKGROUND)} {dice.one(lx.BEYOND[t.ground])}")
            elif r < 0.15 and not self.finite:
                head = dice.one(lx.PLACES[t.ground])
                if dice.chance(0.25):
                    return f"{head} {' '.join(tail)} with {said}"
                said = f"{head}{dice.one(WITHIN)}{said}"
            else:
                place = (
                    f"{dice.one(('it', 'that', 'which'))} is {place}" if self.alone() and dice.chance(0.05) else place
                )
                tail.insert(int(dice.random() * (len(tail) + 1)) if dice.chance(0.3) else 0, place)
        if HERE in said:
            here = f" {tail.pop(0)}" if tail and dice.chance(0.6) else ""
            said = said.replace(HERE, here)
        if tail and dice.chance(0.2):
            k = 1 if dice.chance(0.7) else len(tail)
            front, tail = tail[:k], tail[k:]
            be, link = self.be(t.order[0]), ", "
            if not self.finite:
                link = dice.one(FRONTED).format(be)
                self.finite = link != ", "
            said = f"{' '.join(front)}{link}{said}"
        return " ".join((said, *tail))

    def alone(self) -> bool:
        return len(self.t.groups) == 1 and self.t.groups[0].count == 1

    def postpone(self) -> str:
        """Which colours are said after all else, and the words for it."""
        t, dice = self.t, self.dice
        coloured = [i for i, group in enumerate(t.groups) if group.colour and group.count is not None and not t.twin(i)]
        if len(t.groups) == 2 == len(coloured) and t.groups[0].colour == t.groups[1].colour and dice.chance(0.4):
            self.hidden = set(coloured)
            colour = dice.one(lx.COLOURS[t.groups[0].colour], 0.8)
            return dice.one(BOTH).format(colour)
        if not coloured or not dice.chance(0.07):
            return ""
        if self.alone():
            self.hidden = {0}
            colour = dice.one(lx.COLOURS[t.groups[0].colour], 0.8)
            return dice.one((", {}", ". it is {}", ", it is {}", ", the {noun} is {}", " and it is {}")).format(
                colour, noun=self.nouns[0]
            )
        late = coloured if dice.chance(0.4) else [dice.one(coloured)]
        self.hidden = set(late)
        said = [f"{self.the(i)} {self.be(i)} {dice.one(lx.COLOURS[t.groups[i].colour], 0.8)}" for i in late]
        return dice.one((", ", ". ", " and ")) + dice.one((", ", " and ")).join(said)

    def negation(self) -> str:
        """ "no cats and no dogs"."""
        dice, said = self.dice, []
        for kind in self.t.absent:
            noun = dice.one(lx.KINDS[kind], 0.6)
            said.append(noun if noun in lx.BOTH_NUMBERS else lx.plural(noun) if dice.chance(0.65) else noun)
        return f"{dice.one(lx.EMPTY_OF)} {dice.one((' or ', ' and ', ' and no ')).join(said)}"

    def sentence(self) -> str:
        t, dice, said = self.t, self.dice, self.said()
        if t.absent:
            said = f"{said}{dice.one((' ', ', '))}{self.negation()}"
        r = dice.random()
        if r < 0.12 and not self.finite:
            said = f"{dice.one(lx.OPENINGS)} {said}"
        elif r < 0.15:
            said = f"{said} {dice.one(lx.CLOSINGS)}"
        if dice.chance(0.2):
            said = said[0].upper() + said[1:]
        return " ".join(said.replace(" ,", ",").replace(",,", ",").split()) + ("." if dice.chance(0.12) else "")
