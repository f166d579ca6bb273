"""What the schema leaves to the form: names of choices, groups, and which field needs which."""

from __future__ import annotations

from dataclasses import dataclass

CHOICES: dict[str, dict[str, str]] = {
    "mode": {"std": "Standard 720p", "pro": "Pro 1080p", "4k": "4K"},
    "sound": {"on": "On", "off": "Off"},
    "shot_type": {"customize": "I write each shot", "intelligence": "Kling plans them"},
    "type": {
        "simple": "My own movement",
        "down_back": "Down and back",
        "forward_up": "Forward and up",
        "right_turn_forward": "Turn right, then forward",
        "left_turn_forward": "Turn left, then forward",
    },
}
UNITS = {"duration": "s"}
# Fields whose label and choices say enough on a page.
SELF_EVIDENT = frozenset({"model_name", "aspect_ratio", "mode", "sound", "shot_type", "type"})
PLACEHOLDERS = {
    "text-to-video": "A lighthouse on a cliff at dusk. Waves break below, the camera rises slowly…",
    "text-to-audio": "Rain on a tin roof, thunder far away…",
}
# Fields whose text is a number of seconds.
WHOLE_NUMBERS = frozenset({"duration"})
# Numbered by us, in the order in which they stand.
AUTOMATIC = frozenset({"index"})

SHOTS = "Several shots"
MORE = "More options"
SECTIONS = {"multi_shot": SHOTS, "shot_type": SHOTS, "multi_prompt": SHOTS}

# A field that means something only while another one has a value. With JavaScript it is hidden
# until then; without it, the check on the server says the same in words.
NEEDS: dict[str, tuple[str, str]] = {
    "input.shot_type": ("input.multi_shot", "true"),
    "input.multi_prompt": ("input.shot_type", "customize"),
    "input.camera_control.config": ("input.camera_control.type", "simple"),
    "input.voice_list": ("input.sound", "on"),
}
# The other way round: kept, but not sent on, while another field has that value.
YIELDS: dict[str, tuple[str, str]] = {"input.prompt": ("input.shot_type", "customize")}


@dataclass(frozen=True)
class Example:
    title: str
    prompt: str


EXAMPLES: dict[str, tuple[Example, ...]] = {
    "text-to-video": (
        Example(
            "Lighthouse at dusk",
            "A lighthouse on a cliff at dusk. Waves break on the rocks below, a warm light turns "
            "slowly, the camera rises from the sea to the lamp.",
        ),
        Example(
            "Paper city",
            "A city of folded paper wakes up in the morning light. Paper trams glide through the "
            "streets, tiny windows open one after the other, stop motion.",
        ),
    ),
    "text-to-audio": (
        Example("Rain on a roof", "Soft rain on a tin roof, thunder rolling far away."),
        Example("Old printer", "An old dot matrix printer prints a page and tears it off."),
    ),
}
