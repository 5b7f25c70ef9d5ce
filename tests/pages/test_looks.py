"""What the pages' words and colours rest on, apart from any page."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _lightness(colour: str) -> float:
    """Relative luminance, as WCAG counts it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(weight * p for weight, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _contrast(one: str, other: str) -> float:
    bright, dark = sorted((_lightness(one), _lightness(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _themes() -> dict[str, dict[str, str]]:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    return {name: config["theme"][name] for name in ("light", "dark")}


def test_both_themes_can_be_read():
    for name, theme in _themes().items():
        ground = theme["backgroundColor"]
        assert _contrast(theme["textColor"], ground) > 12, name
        assert _contrast(theme["linkColor"], ground) > 4.5, name
        assert _contrast(theme["primaryColor"], ground) > 3, name
        assert _contrast("#ffffff", theme["primaryColor"]) > 3, name


def test_lines_of_charts_are_seen_on_both_grounds():
    source = (ROOT / "pages" / "monitor" / "charts.py").read_text("utf-8")
    for colour in re.findall(r'within", "(#[0-9a-f]{6})"', source):
        for name, theme in _themes().items():
            assert _contrast(colour, theme["backgroundColor"]) > 2.5, (colour, name)


def test_the_save_bar_has_the_grounds_of_the_themes():
    css = (ROOT / "pages" / "style.css").read_text("utf-8")
    light, dark = re.findall(r"background: light-dark\((#\w+), (#\w+)\)", css)[0]
    themes = _themes()
    assert (light, dark) == (
        themes["light"]["backgroundColor"], themes["dark"]["backgroundColor"],
    )  # fmt: skip


def test_what_is_chosen_and_the_words_of_a_graph_are_read_on_both_grounds():
    css = (ROOT / "pages" / "style.css").read_text("utf-8")
    inks = dict(re.findall(r"(\S+) \{ (?:color|fill): (light-dark\(#\w+, #\w+\))", css))
    for words in ("button[data-selected]:not([data-disabled])", "text"):
        ink = dict(zip(("light", "dark"), re.findall(r"#\w{6}", inks[words]), strict=True))
        for name, theme in _themes().items():
            tinted = _mixed(theme["primaryColor"], theme["backgroundColor"], 0.1)
            assert _contrast(ink[name], tinted) > 4.5, (words, name)


def _mixed(one: str, other: str, share: float) -> str:
    """So much of one colour over the other, as Streamlit tints what is chosen."""
    pairs = [(int(one[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(share * a + (1 - share) * b):02x}" for a, b in pairs)
