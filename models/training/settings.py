"""Settings of a stage that trains the codec, with their defaults."""

from __future__ import annotations

from typing import Any

from sottovoce.models.training.loop import LOOP_DEFAULTS

DEFAULTS: dict[str, Any] = LOOP_DEFAULTS | {
    "start": [],
    "context": 16,
    "steps_per_crop": 20,
    "reference_frames": 240,
    "reference_by_speaker": False,
    "augment": True,
    "preset_chances": [],
    "adapter_only": False,
    "jitter": 0.0,
    "past_noise": 0.5,
    "gain_scale": 1.0,
    "unscored_samples": 1000,
    "weights": {"pitch": 1.0, "voicing": 0.5, "modulation": 0.0},
    "compile": False,
    "check_batch": 32,
}
