"""The words for everything in a scene, in English and Chinese: what captions are made of, and the page's sheet.

The first word of each list is the usual one; the others are synonyms. Chinese nouns come with their measure word.
"""

from __future__ import annotations

from functools import lru_cache

EN_KINDS = {
    "car": ["car", "automobile", "auto"], "bus": ["bus", "coach"], "boat": ["boat", "sailboat", "ship"],
    "rocket": ["rocket", "spaceship"], "house": ["house", "home", "cottage"], "tree": ["tree", "fir", "pine"],
    "flower": ["flower", "blossom", "daisy"], "mushroom": ["mushroom", "toadstool"], "apple": ["apple"],
    "ball": ["ball", "baseball"], "balloon": ["balloon"], "star": ["star"], "heart": ["heart"],
    "cat": ["cat", "kitten", "kitty"], "fish": ["fish"], "bird": ["bird", "birdie"], "butterfly": ["butterfly"],
    "cup": ["cup", "mug"], "umbrella": ["umbrella", "parasol"], "hat": ["hat"], "chair": ["chair", "seat"],
    "circle": ["circle", "disc"], "square": ["square"], "triangle": ["triangle"],
}  # fmt: skip
IRREGULAR = {
    "bus": "buses", "coach": "coaches", "fish": "fish", "butterfly": "butterflies", "daisy": "daisies",
    "kitty": "kitties",
}  # fmt: skip
EN_COLOURS = {
    "red": ["red", "scarlet", "crimson"], "orange": ["orange"], "yellow": ["yellow", "golden"], "green": ["green"],
    "blue": ["blue"], "purple": ["purple", "violet"], "pink": ["pink", "rosy"], "brown": ["brown"],
    "black": ["black"], "white": ["white"],
}  # fmt: skip
EN_SIZES = {
    "small": ["small", "little", "tiny"], "medium": ["medium-sized", "medium", "normal-sized"],
    "large": ["large", "big", "huge"],
}  # fmt: skip
EN_NUMBERS = {1: ["one", "1", "a single"], 2: ["two", "2", "a pair of"], 3: ["three", "3"], 4: ["four", "4"]}
EN_MANY = ["some", "several", "a few", "many"]
EN_TOO_MANY = ["five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "twenty", "dozen", "hundred", "hundreds",
               "thousand", "thousands", "million", "millions"]  # fmt: skip
EN_RELATIONS = {
    "left_of": ["to the left of", "left of", "on the left side of"],
    "right_of": ["to the right of", "right of", "on the right side of"],
    "above": ["above", "over", "high above"], "below": ["below", "under", "beneath", "underneath"],
    "on": ["on", "on top of", "standing on", "sitting on"], "in_front_of": ["in front of", "before"],
}  # fmt: skip
EN_BESIDE = ["next to", "beside", "near", "by"]  # left or right
EN_TOGETHER = ["and", "with", "together with"]  # any relation
EN_GROUNDS = {
    "grass": ["on the grass", "on grass", "in a meadow", "on the lawn", "in the grass"],
    "road": ["on the road", "on a street", "in the street", "on a road"],
    "sea": ["on the sea", "in the sea", "on the water", "in the ocean"],
    "sand": ["on the sand", "on the beach", "in the desert", "in the sand"],
    "snow": ["in the snow", "on the snow", "in winter", "on snow"],
    "night": ["at night", "in the night", "in the dark", "under the stars"],
    "sunset": ["at sunset", "in the sunset", "at dusk", "in the evening"],
    "room": ["in a room", "in the room", "indoors", "on the floor"],
}  # fmt: skip
EN_OPENINGS = ["draw", "please draw", "a picture of", "an image of", "show me", "paint", "i want", "there is", "i see"]

ZH_KINDS = {
    "car": [("汽车", "辆"), ("车", "辆"), ("轿车", "辆"), ("车子", "辆")],
    "bus": [("公交车", "辆"), ("巴士", "辆"), ("公共汽车", "辆")],
    "boat": [("船", "艘"), ("帆船", "艘"), ("船", "条")], "rocket": [("火箭", "枚"), ("飞船", "艘")],
    "house": [("房子", "座"), ("房屋", "间"), ("屋子", "间")], "tree": [("树", "棵"), ("树木", "棵"), ("松树", "棵")],
    "flower": [("花", "朵"), ("花朵", "朵"), ("鲜花", "朵")], "mushroom": [("蘑菇", "个"), ("蘑菇", "朵")],
    "apple": [("苹果", "个"), ("苹果", "颗")], "ball": [("球", "个"), ("皮球", "个"), ("棒球", "个")],
    "balloon": [("气球", "个"), ("气球", "只")], "star": [("星星", "颗"), ("五角星", "颗")],
    "heart": [("心", "颗"), ("爱心", "颗"), ("心形", "个")], "cat": [("猫", "只"), ("猫咪", "只"), ("猫儿", "只")],
    "fish": [("鱼", "条"), ("鱼儿", "条")], "bird": [("鸟", "只"), ("鸟儿", "只")],
    "butterfly": [("蝴蝶", "只")], "cup": [("杯子", "个"), ("茶杯", "只"), ("水杯", "个")],
    "umbrella": [("伞", "把"), ("雨伞", "把"), ("阳伞", "把")], "hat": [("帽子", "顶"), ("礼帽", "顶")],
    "chair": [("椅子", "把"), ("座椅", "把")], "circle": [("圆形", "个"), ("圆", "个"), ("圆圈", "个")],
    "square": [("正方形", "个"), ("方块", "个"), ("方形", "个")], "triangle": [("三角形", "个"), ("三角", "个")],
}  # fmt: skip
ZH_COLOURS = {
    "red": ["红色", "红", "鲜红"], "orange": ["橙色", "橘色", "橙"], "yellow": ["黄色", "黄", "金黄色"],
    "green": ["绿色", "绿"], "blue": ["蓝色", "蓝"], "purple": ["紫色", "紫"], "pink": ["粉色", "粉红色", "粉红"],
    "brown": ["棕色", "褐色", "棕"], "black": ["黑色", "黑"], "white": ["白色", "白"],
}  # fmt: skip
ZH_SIZES = {
    "small": ["小", "很小", "小小"],
    "medium": ["中等大小", "不大不小", "中等"],
    "large": ["大", "很大", "巨大"],
}
ZH_NUMBERS = {1: ["一", "1"], 2: ["两", "2", "二"], 3: ["三", "3"], 4: ["四", "4"]}
ZH_MANY = ["一些", "几", "许多"]
ZH_TOO_MANY = [*"五六七八九十百千万亿"]
ZH_RELATIONS = {
    "left_of": ["左边", "左侧", "左面"], "right_of": ["右边", "右侧", "右面"],
    "above": ["上方", "上空", "高处"], "below": ["下方", "下面", "底下"],
    "on": ["上面", "上", "顶上"], "in_front_of": ["前面", "前方", "前"],
}  # fmt: skip
ZH_BESIDE = ["旁边", "旁", "附近"]
ZH_TOGETHER = ["和", "与", "跟"]
ZH_GROUNDS = {
    "grass": ["草地上", "草坪上", "草原上"], "road": ["马路上", "路上", "街上", "公路上"],
    "sea": ["海上", "大海上", "水面上", "海里"], "sand": ["沙滩上", "沙漠里", "沙地上", "海滩上"],
    "snow": ["雪地里", "雪地上", "雪中", "雪里"], "night": ["夜里", "夜晚", "夜空下", "晚上"],
    "sunset": ["夕阳下", "日落时", "黄昏时", "傍晚"], "room": ["房间里", "屋里", "室内", "地板上"],
}  # fmt: skip
ZH_OPENINGS = ["画", "请画", "我想要", "给我看", "有", "一张图片"]
ZH_FUNCTION = ["的", "在", "是", "有", "位于", "着", "里", "个", "只", "张", "幅", "图", "图片"]

# What says nothing about the picture: read, and left out.
FILLER = [
    "draw",
    "please",
    "picture",
    "image",
    "show",
    "me",
    "paint",
    "i",
    "want",
    "there",
    "is",
    "see",
    "of",
    "a",
    "an",
    "the",
    "in",
    "at",
    "that",
    "are",
    "it",
    "my",
    "this",
    "drawing",
    "photo",
    "painting",
    "and",
    "made",
    "which",
    "stands",
    "sits",
]


def plural(noun: str) -> str:
    return IRREGULAR.get(noun, noun + "s")


# Words that only hold others together, even inside a phrase that means something.
_GLUE = {*FILLER, "on", "to", "top", "side", "standing", "sitting", "high", "single", "pair", "under", "stars", "floor"}


@lru_cache(maxsize=1)
def concepts() -> dict[str, tuple[tuple[str, str], ...]]:
    """What a single word may mean: word -> ((attribute, value), ...), with the attributes that a judge answers."""
    found: dict[str, set[tuple[str, str]]] = {}
    arrangement = ("one", "two", "three", "four")

    def means(attribute: str, value: str, phrases) -> None:
        for phrase in phrases:
            for word in phrase.split():
                if word not in _GLUE:
                    found.setdefault(word, set()).add((attribute, value))

    for kind, nouns in EN_KINDS.items():
        means("kind", kind, [*nouns, *map(plural, nouns)])
    for kind, nouns in ZH_KINDS.items():
        means("kind", kind, [noun for noun, _ in nouns])
    for english, chinese, name in (
        (EN_COLOURS, ZH_COLOURS, "colour"), (EN_SIZES, ZH_SIZES, "size"), (EN_GROUNDS, ZH_GROUNDS, "ground"),
        (EN_RELATIONS, ZH_RELATIONS, "arrangement"),
    ):  # fmt: skip
        for value in english:
            means(name, value, [*english[value], *chinese[value]])
    for number in (2, 3, 4):
        means("arrangement", arrangement[number - 1], [*EN_NUMBERS[number], *ZH_NUMBERS[number]])
    for many in (*EN_MANY, *ZH_MANY):
        for value in arrangement[1:]:
            means("arrangement", value, [many])
    return {word: tuple(sorted(meant)) for word, meant in found.items()}
