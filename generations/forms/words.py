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
        "first_frame": "The first frame",
        "end_frame": "The last frame",
    },
    "refer_type": {"feature": "To take from", "base": "To be changed"},
    "keep_original_sound": {"yes": "Yes", "no": "No"},
    "character_orientation": {"image": "As in the picture", "video": "As in the motion video"},
    "resolution": {"1k": "1K", "2k": "2K", "4k": "4K"},
    "image_reference": {"subject": "The person or thing", "face": "The face"},
    "result_type": {"single": "Single images", "series": "A series"},
    "series_amount": {"auto": "Kling decides"},
    "aspect_ratio": {"auto": "Auto"},
    "voice_language": {"zh": "Chinese", "en": "English"},
    "reference_type": {"image_refer": "Pictures of it", "video_refer": "A video of it"},
    "tag_id": {
        "o_101": "Trend",
        "o_102": "Person",
        "o_103": "Animal",
        "o_104": "Prop",
        "o_105": "Clothing",
        "o_106": "Scene",
        "o_107": "Effect",
        "o_108": "Other",
    },
}
# Fields whose values are names of Kling's that say themselves what they are: `hug_pro`.
NAMES = frozenset({"effect_scene"})
NOT_SET = {
    "model_name": "The usual one",
    "shot_type": "Choose…",
    "type": "Not set",
    "aspect_ratio": "As the first frame or the video",
    "series_amount": "4",
    "duration": "The usual length",
    "mode": "The usual one",
}
UNITS = {
    "duration": "s",
    "sound_start_time": "ms",
    "sound_end_time": "ms",
    "sound_insert_time": "ms",
}
# Fields whose label and choices say enough on a page.
SELF_EVIDENT = frozenset(
    {
        *("model_name", "aspect_ratio", "mode", "sound", "shot_type", "type", "refer_type"),
        *("resolution", "voice_language", "reference_type", "tag_id", "tag_list", "n"),
        *("result_type", "element_name", "keep_original_sound", "voice_id", "input"),
    }
)
# Where a page is for somebody who chooses, and the schema's text for somebody who writes a program.
HELP = {
    "input.prompt": "",
    "input.text": "",
    "input.effect_scene": "",
    "input.series_amount": "With “Kling decides”, 9 are set aside; what is made is charged.",
    "input.face_choose": "",
    "input.session_id": "",
    "input.video_list": "A video to take from, or one to be changed.",
    "input.element_image_list": "",
    "input.video_id": "A video made here in the last 30 days, with a model that can go on with it.",
}
# The same for what a field is called.
TITLES = {"input.session_id": "Who speaks", "input.voice_list.voice_id": "Voice"}
PLACEHOLDERS = {
    "text-to-video": "A lighthouse on a cliff at dusk. Waves break below, the camera rises slowly…",
    "image-to-video": "She turns her head and smiles, leaves fall behind her…",
    "omni-video": "The woman of <<<image_1>>> walks through the rain, the camera follows her…",
    "motion-control": "A stage with red curtains, warm light…",
    "video-extend": "The camera goes on, around the corner into the light…",
    "avatar": "A friendly host, calm gestures, looks into the camera…",
    "image": "A fox in fresh snow at sunrise, soft light, 85 mm…",
    "omni-image": "Put the cup of <<<image_1>>> on a wooden table by the window…",
    "image-expand": "What is to be seen around it; may be left empty…",
    "multi-image-to-image": "They sit at one table in a small café…",
    "text-to-audio": "Rain on a tin roof, thunder far away…",
    "text-to-speech": "Good evening, and welcome…",
}
# What a fresh form starts with, where the provider assumes something else or nothing.
STARTS: dict[str, str | float] = {
    "voice_language": "en",
    "up_expansion_ratio": 0.25,
    "down_expansion_ratio": 0.25,
    "left_expansion_ratio": 0.25,
    "right_expansion_ratio": 0.25,
}
# Fields whose text is a number of seconds.
WHOLE_NUMBERS = frozenset({"duration"})
# Numbered by us, in the order in which they stand.
AUTOMATIC = frozenset({"index"})
MOST_BUTTONS = 15  # choices in a row of buttons; more of them are a list to open

SHOTS = "Several shots"
MORE = "More options"
SECTIONS = {"multi_shot": SHOTS, "shot_type": SHOTS, "multi_prompt": SHOTS}

# A field that means something only while another one has a value (or one of several, with | in
# between). With JavaScript it is hidden until then; without it, the check on the server says the
# same in words.
NEEDS: dict[str, tuple[str, str]] = {
    "input.shot_type": ("input.multi_shot", "true"),
    "input.multi_prompt": ("input.shot_type", "customize"),
    "input.camera_control.config": ("input.camera_control.type", "simple"),
    "input.voice_list": ("input.sound", "on"),
    "input.series_amount": ("input.result_type", "series"),
    "input.element_image_list": ("input.reference_type", "image_refer"),
    "input.element_video_list": ("input.reference_type", "video_refer"),
    "input.human_fidelity": ("input.image_reference", "subject"),
}
# The same where the values are in lists of the catalogue, since they come and go.
NEEDS_LISTED: dict[str, tuple[str, tuple[str, ...]]] = {
    "input.input.image": ("input.effect_scene", ("one_person",)),
    "input.input.images": ("input.effect_scene", ("two_people", "two_people_by_model")),
    "input.input.model_name": ("input.effect_scene", ("two_people_by_model",)),
    "input.input.mode": ("input.effect_scene", ("two_people_by_model",)),
    "input.input.duration": ("input.effect_scene", ("one_person", "two_people_by_model")),
}
# The other way round: kept, but not sent on, while another field has that value.
YIELDS: dict[str, tuple[str, str]] = {
    "input.prompt": ("input.shot_type", "customize"),
    "input.n": ("input.result_type", "series"),
}
SET_ASIDE = {
    "input.prompt": "Set aside: you write each shot below.",
    "input.n": "A series has a length instead.",
}
# Of lists with a fixed order: what each entry is.
ENTRIES = {"input.input.images": ("On the left", "On the right")}


def choice(name: str, value: str) -> str:
    """The title of a value of a field."""
    if known := CHOICES.get(name, {}).get(value):
        return known
    if name in NAMES:
        return value.replace("_", " ").capitalize()
    return f"{value} {UNITS.get(name, '')}".strip()


def entry(path: str, place: int, title: str) -> str:
    """What an entry of a list is called, where it is not an object with fields of its own."""
    names = ENTRIES.get(path, ())
    return names[place] if place < len(names) else f"{title} {place + 1}"


# Values that stand in messages, and are no words of English there.
VALUES_IN_MESSAGES = {
    **CHOICES["shot_type"],
    **CHOICES["reference_type"],
    "end_frame": "The last frame",
    "first_frame": "The first frame",
}


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
    "image-to-video": (
        Example("Come alive", "The person turns to the camera and smiles, hair moves in the wind."),
        Example("Slow zoom", "The camera moves in slowly, light changes from day to evening."),
    ),
    "image": (
        Example(
            "Fox in the snow",
            "A red fox in fresh snow at sunrise, breath in the cold air, soft back light, 85 mm.",
        ),
        Example(
            "Poster",
            "A travel poster of a harbour town in flat colours, big sun, two sailing boats.",
        ),
    ),
    "text-to-audio": (
        Example("Rain on a roof", "Soft rain on a tin roof, thunder rolling far away."),
        Example("Old printer", "An old dot matrix printer prints a page and tears it off."),
    ),
}
