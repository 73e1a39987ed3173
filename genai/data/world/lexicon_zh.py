"""The Chinese words for everything in the world, simplified. The first of each list is the usual one.

A space stands where a phrase is cut into words, and is not written.
"""

from __future__ import annotations


def _nouns(listed: str) -> list[tuple[str, str]]:
    """Nouns with their measure words: what one of them is counted with."""
    return [tuple(each.split("/")) for each in listed.split(", ")]


KINDS = {
    "cat": _nouns("猫/只, 猫咪/只, 猫儿/只"), "dog": _nouns("狗/只, 狗/条, 狗狗/只"),
    "horse": _nouns("马/匹, 马儿/匹"), "cow": _nouns("牛/头, 奶牛/头, 母牛/头"),
    "sheep": _nouns("羊/只, 绵羊/只, 羊/头, 羊羔/只"), "rabbit": _nouns("兔子/只, 兔/只, 兔兔/只"),
    "elephant": _nouns("大象/头, 大象/只"), "bear": _nouns("熊/只, 熊/头, 狗熊/只, 玩具熊/只"),
    "person": _nouns("人/个, 男人/个, 女人/个, 男孩/个, 女孩/个, 孩子/个, "
                     "小孩/个, 小孩子/个, 小男孩/个, 小女孩/个, 人/位, 小朋友/个"),
    "duck": _nouns("鸭子/只, 鸭/只, 小鸭子/只"), "fish": _nouns("鱼/条, 鱼儿/条, 鱼/只"),
    "bird": _nouns("鸟/只, 鸟儿/只"), "butterfly": _nouns("蝴蝶/只, 彩蝶/只"), "tree": _nouns("树/棵, 大树/棵"),
    "flower": _nouns("花/朵, 花朵/朵, 鲜花/朵, 花/枝, 花儿/朵"), "mushroom": _nouns("蘑菇/个, 蘑菇/朵, 菇/朵"),
    "apple": _nouns("苹果/个, 苹果/颗"), "cake": _nouns("蛋糕/个, 蛋糕/块, 生日 蛋糕/个"),
    "car": _nouns("汽车/辆, 车/辆, 轿车/辆, 小汽车/辆, 车子/辆, 汽车/台"),
    "bus": _nouns("公交车/辆, 巴士/辆, 公共汽车/辆, 公交/辆, 大巴/辆, 大巴士/辆"),
    "truck": _nouns("卡车/辆, 货车/辆, 大卡车/辆"), "bicycle": _nouns("自行车/辆, 单车/辆, 脚踏车/辆"),
    "train": _nouns("火车/列, 列车/列, 火车/辆"), "boat": _nouns("船/艘, 船/条, 帆船/艘, 船/只, 小船/条, 轮船/艘"),
    "aeroplane": _nouns("飞机/架, 客机/架"), "rocket": _nouns("火箭/枚, 火箭/支, 飞船/艘, 火箭/个"),
    "balloon": _nouns("气球/个, 气球/只, 热气球/个"), "kite": _nouns("风筝/只, 风筝/个"),
    "house": _nouns("房子/座, 房屋/间, 小屋/间, 屋子/间, 小屋子/间, 房子/栋, 房子/个, 木屋/间"),
    "castle": _nouns("城堡/座, 古堡/座, 城堡/个"), "tent": _nouns("帐篷/顶, 帐篷/个"),
    "ball": _nouns("球/个, 皮球/个, 足球/个, 球/只"), "cup": _nouns("杯子/个, 杯子/只, 茶杯/只, 水杯/个"),
    "umbrella": _nouns("伞/把, 雨伞/把, 阳伞/把, 伞/顶"), "hat": _nouns("帽子/顶, 帽子/个, 礼帽/顶"),
    "chair": _nouns("椅子/把, 座椅/把, 椅子/张, 凳子/张"), "table": _nouns("桌子/张, 书桌/张, 餐桌/张, 桌/张"),
    "guitar": _nouns("吉他/把, 木吉他/把, 吉他/个"), "book": _nouns("书/本, 书本/本"),
    "robot": _nouns("机器人/个, 机器人/台"), "star": _nouns("星星/颗, 五角星/颗, 星/颗, 星星/个"),
    "heart": _nouns("爱心/颗, 心/颗, 心形/个, 红心/颗, 爱心/个, 红心形/个"),
    "circle": _nouns("圆形/个, 圆/个, 圆圈/个"), "square": _nouns("正方形/个, 方块/个, 方形/个"),
    "triangle": _nouns("三角形/个, 三角/个"),
}  # fmt: skip
# Nouns that say more than their kind, and only fit where that is so.
IMPLIES = {"小鸭子": ("size", "small"), "大树": ("size", "large"), "大卡车": ("size", "large"), "小船": ("size", "small"),
           "小男孩": ("size", "small"), "小女孩": ("size", "small"), "小汽车": ("size", "small"), "小屋子": ("size", "small"),
           "大巴士": ("size", "large"), "红心": ("colour", "red"), "红心形": ("colour", "red")}  # fmt: skip

COLOURS = {
    "red": ["红色", "红", "鲜红色", "大红色"], "orange": ["橙色", "橘色", "橙", "橘", "橘黄色", "橘红色"],
    "yellow": ["黄色", "黄", "金色", "金黄色", "金黄", "金"], "green": ["绿色", "绿", "翠绿色"],
    "blue": ["蓝色", "蓝", "天蓝色"], "purple": ["紫色", "紫", "紫罗兰色"], "pink": ["粉色", "粉红色", "粉红", "粉"],
    "brown": ["棕色", "褐色", "棕", "咖啡色"], "black": ["黑色", "黑", "乌黑"],
    "white": ["白色", "白", "雪白", "洁白"], "grey": ["灰色", "灰", "银色", "银灰色"],
}  # fmt: skip
SIZES = {
    "small": ["小", "很 小", "小小", "迷你", "小型", "非常 小", "细小"],
    "medium": ["中等 大小", "不大不小", "中等", "中号", "中型", "大小 适中"],
    "large": ["大", "很 大", "巨大", "大大", "高大", "超大", "大型", "非常 大", "庞大"],
}  # fmt: skip
NUMBERS = {1: ["一", "1"], 2: ["两", "2", "二"], 3: ["三", "3"], 4: ["四", "4"], 5: ["五", "5"]}
GROUPED = {2: ["一对", "一双"], 3: []}  # without a measure word
MANY = ["一些", "许多", "很多", "一群", "好多", "不少", "好些"]
SEVERAL = ["几", "好几", "数"]  # with one

# Of two things, after the second. "over" and "beneath": on or above, right under or further down.
RELATIONS = {
    "left_of": ["左边", "左侧", "左面", "左方"], "right_of": ["右边", "右侧", "右面", "右方"],
    "above": ["上方", "上空", "高处", "正上方"], "below": ["下方", "正下方"],
    "beneath": ["下面", "底下", "下", "下边"], "on": ["上", "顶上"], "over": ["上面", "上边"],
    "in_front_of": ["前面", "前方", "前", "前边"], "behind": ["后面", "后方", "后", "后边", "背后"],
    "beside": ["旁边", "旁", "附近", "边上", "一旁", "身边"], "with": ["和", "与", "跟", "还有", "以及"],
}  # fmt: skip

# Each ground: nouns, and what makes a place of them.
GROUNDS = {
    "grass": ["草地 上", "草地 里", "草坪 上", "草原 上", "田野 里", "花园 里", "公园 里", "草丛 里", "草地 中",
              "草 上", "院子 里", "田野 上"],
    "road": ["马路 上", "路 上", "街 上", "公路 上", "街道 上", "路边", "大街 上", "街头", "道路 上", "马路 边"],
    "sea": ["海 上", "大海 上", "海 里", "水面 上", "海面 上", "水 里", "大海 里", "水 上", "湖 上", "湖 里",
            "海 中", "湖面 上", "水 中", "海洋 里"],
    "sand": ["沙滩 上", "沙漠 里", "海滩 上", "海边", "沙地 上", "沙漠 中", "沙子 上", "岸边", "海岸 上", "大海 边"],
    "snow": ["雪地 里", "雪地 上", "雪 中", "雪 里", "雪 上", "雪地 中", "冰天雪地 里", "雪原 上"],
    "room": ["房间 里", "屋 里", "室内", "地板 上", "家 里", "屋子里", "客厅 里", "房间 中", "厨房 里"],
    "forest": ["森林 里", "树林 里", "森林 中", "林 中", "树林 中", "林子 里", "丛林 里"],
    "mountains": ["山 上", "山 里", "群山 中", "山坡 上", "山 中", "山间", "高山 上", "山顶 上", "山脚 下",
                  "山区 里"],
    "city": ["城市 里", "城 里", "市区 里", "市中心", "城市 中", "都市 里", "城市 街道 上", "大城市 里",
             "城市 街头", "镇 上"],
    "sky": ["天 上", "天空 中", "空中", "天空 里", "云 上", "云 中", "天空 上", "蓝天 上", "半空中", "云 里", "云端"],
    "underwater": ["水下", "海底", "水底", "深海 里", "海底 世界", "水下 世界", "深海 中"],
}  # fmt: skip
PLACES = {
    "grass": ["草地", "草坪", "草原", "田野", "花园", "公园"], "road": ["马路", "公路", "街道", "路", "大街", "道路"],
    "sea": ["大海", "海", "海洋", "海面", "湖", "湖面", "海 上", "水面"],
    "sand": ["沙滩", "沙漠", "海滩", "海边", "沙地", "海岸"],
    "snow": ["雪地", "雪景", "雪", "雪原", "冰天雪地", "冬天"], "room": ["房间", "室内", "客厅", "屋 里", "厨房"],
    "forest": ["森林", "树林", "丛林", "林子"], "mountains": ["山", "群山", "大山", "高山", "山脉", "山坡"],
    "city": ["城市", "都市", "城里", "市中心", "市区", "城市 街道", "大城市"],
    "sky": ["天空", "天 上", "蓝天", "云", "云海"],
    "underwater": ["海底", "水下", "海底 世界", "水底", "深海", "水下 世界"],
}  # fmt: skip
TIMES = {
    "day": ["白天", "早上", "清晨", "早晨", "中午", "上午", "下午", "大白天"],
    "sunset": ["日落 时", "夕阳 下", "黄昏", "傍晚", "日落", "黄昏 时", "夕阳 中", "日出 时", "傍晚 时分",
               "晚霞 中", "日落 时分", "黎明"],
    "night": ["夜 里", "夜晚", "晚上", "夜间", "深夜", "月光 下", "月亮 下", "夜色 中", "星空 下", "黑夜 里",
              "半夜", "夜空 下", "黑夜"],
}  # fmt: skip
MOMENTS = {
    "day": ["白天", "早晨", "清晨"], "sunset": ["日落", "夕阳", "黄昏", "傍晚", "晚霞", "日出"],
    "night": ["夜晚", "夜", "黑夜", "夜色", "月夜", "夜 里"],
}  # fmt: skip
WEATHERS = {
    "clear": ["晴天", "阳光 下", "天气 晴朗", "大晴天", "晴空 下", "阳光 里"],
    "rain": ["雨 中", "下雨", "雨天", "下 着 雨", "雨 里", "大雨 中", "下雨天", "下 大雨", "下雨 了", "细雨 中"],
    "snowfall": ["下雪", "下 着 雪", "下雪天", "飘 着 雪", "大雪 中", "大雪 纷飞", "飘雪", "下雪 了", "雪花 飘飘",
                 "下 大雪"],
    "fog": ["雾 中", "大雾", "雾 里", "雾天", "大雾 中", "薄雾 中", "浓雾 中", "有 雾", "大雾天", "雾 气 中"],
}  # fmt: skip
SKIES = {
    "clear": ["晴天", "阳光", "天气 晴朗"], "rain": ["雨", "下雨", "雨天", "大雨"],
    "snowfall": ["下雪", "大雪", "飘雪"], "fog": ["雾", "大雾", "浓雾"],
}  # fmt: skip
WET = {
    "clear": ["晴朗 的"], "rain": ["下雨 的", "雨"], "snowfall": ["下雪 的"],
    "fog": ["有 雾 的", "大雾 的", "起雾 的"],
}  # fmt: skip
HOURS = {"day": ["早晨", "白天", "清晨"], "sunset": ["傍晚", "黄昏"], "night": ["夜晚", "夜 里", "晚上", "夜"]}
NIGHT_SKY = ["夜空 中", "夜空 里", "夜空", "星空 中"]  # a ground and a time in one word

# What things do: it stands with 在 before a place, or with 着 after one.
DOES = {
    "animal": ["坐", "站", "躺", "睡", "趴", "走", "跑", "待"], "flyer": ["飞", "飘", "停"],
    "swimmer": ["游", "漂", "浮"], "vehicle": ["停", "开"], "plant": ["长", "立"], "thing": ["放", "摆", "立", "躺"],
}  # fmt: skip

OPENINGS = [
    "画", "请 画", "我 想要", "给 我 看", "帮 我 画", "来", "我 要", "画 一下", "请 帮 我 画", "一张 图片 ：",
    "能 画", "给 我 画", "可以 画", "我 想 看", "我 看见", "图 里 有", "这里 有", "想要", "一幅 画 ：", "我 想 画",
    "请 给 我",
]  # fmt: skip
CLOSINGS = ["吗", "好 吗", "谢谢", "吧", "可以 吗", "的 图片", "的 画"]
EMPTY_OF = ["没有", "没", "不要", "无", "不要 有", "没有 任何"]

# What only holds others together.
GLUE = [
    "的 在 是 有 位于 着 里 中 上 下 边 它 都 也 而 一 个 只 张 幅 图 图片 了 那 这 另 另一 其中",
    "之间 中间 到 戴 戴着 骑 骑着 坐 驮 带 挨着 靠近 紧挨着 它们 颜色 左 右 只有 空 头 又 一大一小 一小一大 但是 但 还",
]

IDLE = frozenset("的在是有着了")  # always


def words() -> tuple[set[str], set[str]]:
    """Every word of this file: (those that mean something, alone or among others; those that never do)."""
    tables = (COLOURS, SIZES, NUMBERS, GROUPED, RELATIONS, GROUNDS, PLACES, TIMES, MOMENTS, WEATHERS, SKIES, WET, HOURS)
    meant = {*(noun for nouns in KINDS.values() for noun, _ in nouns), *MANY, *SEVERAL, *NIGHT_SKY, *EMPTY_OF, "之间", "中间",
             "戴", "戴着", "骑", "骑着", "挨着", "靠近", "紧挨着", "左", "右"}  # fmt: skip
    meant.update(phrase for table in tables for phrases in table.values() for phrase in phrases)
    idle = {*GLUE, *OPENINGS, *CLOSINGS, *(measure for nouns in KINDS.values() for _, measure in nouns)}
    idle.update(verb for verbs in DOES.values() for verb in verbs)
    meant, idle = ({word for phrase in each for word in phrase.split() if word != "："} for each in (meant, idle))
    return meant - IDLE, (idle - meant) | IDLE
