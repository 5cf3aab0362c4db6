import base64
import copy
import hashlib
import html
import json
import re

from sottovoce.codec.evaluation import places
from sottovoce.codec.evaluation.page import build


def element(page, attributes):
    """The text of the one script with these attributes."""
    (text,) = re.findall(rf"<script{attributes}>(.*?)</script>", page, re.S)
    return text


def test_the_page_is_the_same_each_time(report, folder):
    assert build(report, folder) == build(copy.deepcopy(report), folder)


def test_the_page_names_no_address(report, folder):
    page = build(report, folder)
    assert "://" not in page
    assert re.findall(r'(?:src|href)="(?!#|data:,)', page) == []


def test_the_policy_allows_its_own_program_and_style_only(report, folder):
    page = build(report, folder)
    policy = html.unescape(re.search(r'Content-Security-Policy" content="(.*?)"', page)[1])
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    for rule, text in (
        ("script-src", element(page, "")),
        ("style-src", re.search(r"<style>(.*?)</style>", page, re.S)[1]),
    ):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"


def test_what_the_report_says_cannot_leave_its_element(report, folder):
    assert "</script>" in report["missing"]["lc3:16"]
    shown = json.loads(element(build(report, folder), ' type="application/json" id="report"'))
    assert shown["missing"] == report["missing"]


def test_scores_of_single_recordings_are_those_of_the_examples(report, folder):
    shown = json.loads(element(build(report, folder), ' type="application/json" id="report"'))
    assert sorted(shown["examples"]) == [f"{number:04d}" for number in range(6)]
    for codec, full in zip(shown["codecs"], report["codecs"], strict=True):
        assert codec["scores"]["0002"] == full["recordings"][2]
        assert "recordings" not in codec


def test_generations_are_those_of_the_groups(report, folder):
    shown = json.loads(element(build(report, folder), ' type="application/json" id="report"'))
    assert [one["generation"] for one in shown["recordings"]] == ["children", "adults", "", "", "adults", ""]


def test_clips_are_what_the_metrics_heard(report, folder):
    clip = element(build(report, folder), ' type="text/plain" data-clip="0001/sotto:low"')
    assert base64.b64decode(clip) == places.clip(folder, "sotto:low", "0001").read_bytes()
