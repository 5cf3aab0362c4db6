from sottovoce.codec.evaluation.page.examples import gather
from sottovoce.codec.evaluation.page.worst import worst, worst_figures


def test_word_errors_decide_then_intelligibility(hard_report):
    report, folder = hard_report
    assert worst(report) == [5, 4, 3, 2, 1, 0]
    first = worst_figures(report)[0]
    assert (first["id"], first["decoded"], first["original"]) == (
        "0005",
        "words of sotto:default 5",
        "words of original 5",
    )
    assert gather(report, folder, 10**9).recordings[:2] == [5, 4]
    for one in report["codecs"][1]["recordings"]:
        one["dwer"] = None
    report["codecs"][1]["recordings"][3]["pesq_wb"] = 1.1
    assert worst(report)[0] == 3


def test_nothing_is_worst_where_all_are_alike(report):
    assert worst(report) == []
    assert worst_figures(report) == []
