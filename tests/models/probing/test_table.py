"""What probes found, as Markdown."""

from sottovoce.models.probing.table import markdown

FOUND = {"phone": 41.23, "gender": 52.0, "gender_adults": 51.0, "speaker": 3.0}
REPORT = {
    "trained_on": {"recordings": 10, "speakers": 4},
    "tested_on": {"recordings": 3, "speakers": 2},
    "models": [
        {
            "name": "vq-9",
            "bottleneck": "VQ",
            "bits_per_second": 450.0,
            "accuracy": {"p_bn": FOUND},
            "chance": {key: 30.0 for key in FOUND},
        }
    ],
}


def test_every_point_is_a_row_and_guessing_the_last():
    lines = markdown(REPORT, "plot.svg").splitlines()
    assert lines[0] == "## Information in the latents" and "![Phones against gender](plot.svg)" in lines
    assert lines[-2] == "| vq-9 | 450 | p_bn | 41.2 | 52.0 | 51.0 | 3.0 |"
    assert lines[-1] == "| most frequent label | – | – | 30.0 | 30.0 | 30.0 | 30.0 |"
