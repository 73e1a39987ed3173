"""The English words for everything in the world. The first of each list is the usual one.

What is one of a kind, but not any of it (a rose, navy), is not here: `beyond-en.json` says what `reading` takes it for before a
model sees it.
"""

from __future__ import annotations

KINDS = {
    "cat": ["cat", "kitten", "kitty"], "dog": ["dog", "puppy", "doggy"], "horse": ["horse", "pony", "foal"],
    "cow": ["cow", "bull", "calf"], "sheep": ["sheep", "lamb"], "rabbit": ["rabbit", "bunny", "hare"],
    "elephant": ["elephant"], "bear": ["bear", "teddy bear", "teddy"],
    "person": ["person", "man", "woman", "boy", "girl", "child", "kid", "lady", "guy"], "duck": ["duck", "duckling"],
    "fish": ["fish"], "bird": ["bird", "birdie"], "butterfly": ["butterfly"], "tree": ["tree"],
    "flower": ["flower", "blossom"], "mushroom": ["mushroom", "toadstool"], "apple": ["apple"],
    "cake": ["cake", "birthday cake"], "car": ["car", "automobile", "auto"], "bus": ["bus", "coach"],
    "truck": ["truck", "lorry"], "bicycle": ["bicycle", "bike"], "train": ["train", "locomotive"],
    "boat": ["boat", "ship", "sailboat", "sailing boat"], "aeroplane": ["aeroplane", "plane", "airplane", "jet"],
    "rocket": ["rocket", "spaceship"], "balloon": ["balloon", "hot air balloon"], "kite": ["kite"],
    "house": ["house", "home", "cottage", "hut", "cabin"], "castle": ["castle", "fortress"], "tent": ["tent"],
    "ball": ["ball", "football", "beach ball"], "cup": ["cup", "mug"], "umbrella": ["umbrella", "parasol"],
    "hat": ["hat", "cap"], "chair": ["chair", "armchair", "stool"], "table": ["table", "desk"], "guitar": ["guitar"],
    "book": ["book"], "robot": ["robot"], "star": ["star"], "heart": ["heart"], "circle": ["circle", "disc"],
    "square": ["square"], "triangle": ["triangle"],
}  # fmt: skip
IRREGULAR = {
    "calf": "calves", "sheep": "sheep", "fish": "fish", "child": "children",
    "person": "people", "man": "men", "woman": "women",
}  # fmt: skip
BOTH_NUMBERS = frozenset({"sheep", "fish"})  # one word for one and for several: no count is said by it

COLOURS = {
    "red": ["red", "scarlet", "crimson"], "orange": ["orange", "ginger"],
    "yellow": ["yellow", "golden", "gold", "blond"], "green": ["green"], "blue": ["blue"],
    "purple": ["purple", "violet", "lilac"], "pink": ["pink", "rosy"], "brown": ["brown"], "black": ["black"],
    "white": ["white"], "grey": ["grey", "gray", "silver"],
}  # fmt: skip
SIZES = {
    "small": ["small", "little", "tiny", "wee", "miniature"],
    "medium": ["medium-sized", "medium", "medium sized", "mid-sized", "normal-sized"],
    "large": ["large", "big", "huge", "giant", "gigantic", "enormous", "tall"],
}  # fmt: skip
NUMBERS = {
    1: ["one", "1", "a single", "just one"], 2: ["two", "2", "a pair of", "a couple of"],
    3: ["three", "3", "a trio of"], 4: ["four", "4"], 5: ["five", "5"],
}  # fmt: skip
MANY = ["some", "several", "many", "a few", "lots of", "a lot of", "a group of", "a bunch of", "plenty of"]

# Of two things, before the second. What a word leaves open is a relation of its own (`captions.MEANS`).
RELATIONS = {
    "left_of": ["to the left of", "left of", "on the left of", "on the left side of"],
    "right_of": ["to the right of", "right of", "on the right of", "on the right side of"],
    "above": ["above", "over", "high above"], "below": ["below"], "beneath": ["under", "beneath", "underneath"],
    "on": ["on", "on top of", "upon", "atop"], "in_front_of": ["in front of"], "behind": ["behind"],
    "beside": ["next to", "beside", "near", "by", "close to", "besides", "alongside", "at the side of"],
    "with": ["and", "with", "together with", "along with"],
}  # fmt: skip
# The same of a thing named before.
RELATIONS_IT = {
    "left_of": ["to its left", "to the left of it", "left of it", "on its left", "on the left"],
    "right_of": ["to its right", "to the right of it", "right of it", "on its right", "on the right"],
    "above": ["above it", "over it", "high above it"], "below": ["below it", "below"],
    "beneath": ["under it", "beneath it", "underneath", "underneath it"], "on": ["on it", "on top of it", "on top"],
    "in_front_of": ["in front of it", "in front"], "behind": ["behind it", "behind"],
    "beside": ["next to it", "beside it", "near it", "by its side", "close by", "nearby", "at its side"],
}  # fmt: skip

GROUNDS = {
    "grass": ["on the grass", "on grass", "in the grass", "in a meadow", "on a meadow", "in the meadow",
              "on the lawn", "in a field", "in the field", "on a field", "in a park", "in the park", "in a garden",
              "in the garden"],
    "road": ["on the road", "on a road", "on the street", "in the street", "on a street", "by the road",
             "on a country road", "along the road", "down the street", "on the highway", "in a street"],
    "sea": ["on the sea", "in the sea", "at sea", "on the water", "in the water", "on the ocean", "in the ocean",
            "on the waves", "on the open sea", "on a lake", "in a lake"],
    "sand": ["on the beach", "on the sand", "on a beach", "at the beach", "in the sand", "on a sandy beach",
             "in the desert", "in a desert", "by the sea", "at the seaside", "on the shore", "by the ocean",
             "near the sea", "along the beach", "on the coast", "beside the sea", "by the seaside"],
    "snow": ["in the snow", "on the snow", "on snow", "in snow", "in winter", "in a snowy field",
             "on a snowy field", "in a snowy landscape", "in deep snow"],
    "room": ["in a room", "in the room", "indoors", "inside", "at home", "on the floor", "on the carpet",
             "inside a room"],
    "forest": ["in the forest", "in a forest", "in the woods", "in the wood", "in a wood", "through the forest",
               "in the jungle"],
    "mountains": ["in the mountains", "on a mountain", "on a hill", "in the hills", "on the hill",
                  "up in the mountains", "on the mountain", "among mountains", "through the mountains",
                  "near the mountains"],
    "city": ["in the city", "in a city", "in town", "downtown", "in the town", "in a big city", "on a city street",
             "among skyscrapers", "through the city", "in a town"],
    "sky": ["in the sky", "up in the sky", "in the air", "in the clouds", "among the clouds", "above the clouds",
            "in a sky", "across the sky", "through the air", "up in the air"],
    "underwater": ["underwater", "under water", "under the sea", "under the water", "at the bottom of the sea",
                   "on the sea floor", "beneath the waves", "on the ocean floor", "in the deep sea",
                   "deep under the sea"],
}  # fmt: skip
# Where a thing is seen against a place rather than in it.
BEYOND = {
    "sea": ["the sea", "the ocean", "the water", "the waves"],
    "mountains": ["the mountains", "a mountain", "the hills"],
    "city": ["the city", "the town", "a city", "the skyscrapers"], "forest": ["the forest", "the woods"],
    "grass": ["a meadow", "the grass", "the field"], "sand": ["the beach", "the desert", "the sand"],
    "road": ["the road", "the street"], "snow": ["the snow", "a snowy field"],
}  # fmt: skip
PLACES = {
    "grass": ["a meadow", "grass", "a field", "a lawn", "a park", "a garden", "the grass"],
    "road": ["a road", "a street", "the road", "the street", "a country road", "a highway"],
    "sea": ["the sea", "the ocean", "sea", "ocean", "the open sea", "waves", "water", "a lake"],
    "sand": ["a beach", "the beach", "sand", "the desert", "a desert", "the shore", "the seaside", "a coast",
             "a sandy beach"],
    "snow": ["snow", "a snowy field", "a snowy landscape", "a winter landscape", "winter"],
    "room": ["a room", "the room", "room", "the inside of a room"],
    "forest": ["a forest", "the forest", "the woods", "forest", "woods", "a jungle"],
    "mountains": ["mountains", "the mountains", "a mountain", "hills", "a mountain landscape"],
    "city": ["a city", "the city", "city", "a town", "skyscrapers", "a city street", "the big city", "downtown"],
    "sky": ["the sky", "sky", "clouds", "the clouds", "a sky"],
    "underwater": ["underwater", "under the sea", "the bottom of the sea", "an underwater world", "the sea floor",
                   "the ocean floor", "the deep sea"],
}  # fmt: skip
TIMES = {
    "day": ["by day", "in the daytime", "during the day", "in the morning", "in daylight", "at noon",
            "in broad daylight", "in the afternoon"],
    "sunset": ["at sunset", "in the evening", "at dusk", "in the sunset", "in the evening light", "at sundown",
               "in the evening sun", "at sunrise", "at dawn", "at twilight", "during sunset"],
    "night": ["at night", "in the night", "by night", "in the dark", "under the moon", "in the moonlight",
              "at midnight", "under the stars", "by moonlight", "under a starry sky", "on a dark night",
              "during the night", "tonight"],
}  # fmt: skip
MOMENTS = {
    "day": ["daytime", "morning", "noon", "a day"],
    "sunset": ["sunset", "a sunset", "evening", "dusk", "sunrise", "the sunset"],
    "night": ["night", "the night", "a night", "midnight", "moonlight", "the moon"],
}  # fmt: skip
WEATHERS = {
    "clear": ["in the sunshine", "in the sun", "in clear weather", "under a clear sky", "in sunny weather",
              "the weather is clear"],
    "rain": ["in the rain", "in rain", "in the pouring rain", "in rainy weather", "it is raining", "it rains",
             "while it rains", "in heavy rain", "during rain"],
    "snowfall": ["it is snowing", "in falling snow", "in a snowstorm", "it snows", "while it snows",
                 "in the snowfall", "snow is falling", "while snow falls", "in a blizzard"],
    "fog": ["in the fog", "in fog", "in the mist", "in thick fog", "in foggy weather", "it is foggy", "in mist",
            "in a fog"],
}  # fmt: skip
SKIES = {
    "clear": ["sunshine", "clear weather"], "rain": ["rain", "heavy rain"],
    "snowfall": ["falling snow", "snowfall", "a snowstorm"], "fog": ["fog", "mist", "thick fog"],
}  # fmt: skip
WET = {"clear": ["sunny", "clear", "fine"], "rain": ["rainy"], "snowfall": ["snowy"], "fog": ["foggy", "misty"]}
HOURS = {"day": ["morning", "afternoon"], "sunset": ["evening"], "night": ["night"]}

# What things do, which says nothing about the picture: after a noun, and after "the cat" (one, several).
DOING = {
    "animal": ["sitting", "standing", "lying", "sleeping", "walking", "running", "resting", "waiting"],
    "flyer": ["flying", "floating", "hovering"], "swimmer": ["swimming", "floating", "drifting"],
    "vehicle": ["parked", "standing", "driving"], "plant": ["growing", "standing"],
    "thing": ["lying", "standing", "placed"],
}  # fmt: skip
DOES = {
    "animal": ["sits", "stands", "lies", "sleeps", "walks", "runs", "rests", "waits"],
    "flyer": ["flies", "floats", "hovers"], "swimmer": ["swims", "floats", "drifts"],
    "vehicle": ["stands", "is parked", "drives"], "plant": ["grows", "stands"],
    "thing": ["lies", "stands", "is placed"],
}  # fmt: skip
SEVERAL_DO = {"lies": "lie", "flies": "fly", "is parked": "are parked", "is placed": "are placed"}

OPENINGS = [
    "draw", "please draw", "a picture of", "an image of", "show me", "paint", "i want", "i would like",
    "can you draw", "could you paint", "give me", "make", "i see", "a drawing of", "draw me", "we see",
    "please paint", "let me see", "a photo of", "could you draw me", "can i have", "i want to see",
    "i would like to see", "a painting of", "how about", "can you show me",
]  # fmt: skip
CLOSINGS = ["please", "for me", "for me please", "thanks", "thank you", "in the picture"]
EMPTY_OF = ["no", "without", "without any", "with no", "but no", "there are no", "not", "and no", "but without"]

# What only holds others together.
GLUE = [
    "a an the is are of to in on at that which it its one them other there here with and but where both all",
    "while has have holding wearing riding carrying stands sits who left right side between two as their they",
    "by just wears rides carries holds another each or very also only empty nothing",
]

IDLE = frozenset(
    ["a", "an", "the", "is", "are", "of", "to", "it", "its", "them", "their", "there", "that", "while"]
)  # always


def plural(noun: str) -> str:
    *before, last = noun.split()
    if last not in IRREGULAR:
        if last[-1] == "y" and last[-2:-1] not in ("a", "e", "o", "u"):
            last = last[:-1] + "ies"
        else:
            last += "es" if last.endswith(("s", "x", "ch", "sh")) else "s"
    else:
        last = IRREGULAR[last]
    return " ".join((*before, last))


def several_do(verb: str) -> str:
    """ "sits" -> "sit"."""
    return SEVERAL_DO.get(verb, verb[:-1])


def words() -> tuple[set[str], set[str]]:
    """Every word of this file: (those that mean something, alone or among others; those that never do)."""
    tables = (COLOURS, SIZES, NUMBERS, RELATIONS, RELATIONS_IT, GROUNDS, BEYOND, PLACES, TIMES, MOMENTS, WEATHERS, SKIES, WET,
              HOURS)  # fmt: skip
    nouns = [noun for each in KINDS.values() for noun in each]
    meant = {*nouns, *map(plural, nouns), *MANY, *EMPTY_OF, "fishes", "left", "right", "between", "nobody"}
    meant.update(phrase for table in tables for phrases in table.values() for phrase in phrases)
    idle = {*GLUE, *OPENINGS, *CLOSINGS}
    idle.update(verb for table in (DOING, DOES) for verbs in table.values() for verb in verbs)
    idle.update(several_do(verb) for verbs in DOES.values() for verb in verbs)
    meant, idle = ({word for phrase in each for word in phrase.split()} for each in (meant, idle))
    return meant - IDLE, (idle - meant) | IDLE
