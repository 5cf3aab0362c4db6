import numpy as np
import pytest

from sottovoce.models.runtime.state import State, Stateful


class Part(Stateful):
    STATE_FIELDS = ("past",)

    def __init__(self):
        self.past = np.zeros(3)


class Whole(Stateful):
    STATE_FIELDS = ("parts", "part", "count", "begun", "fade")

    def __init__(self):
        self.parts = [Part(), abs, Part()]
        self.part = Part()
        self.count, self.begun, self.fade = 0, False, 0.5
        self.weights = np.ones(5)


def lived() -> Whole:
    whole = Whole()
    whole.parts[2].past = np.arange(3.0)
    whole.part.past += 7
    whole.count, whole.begun, whole.fade = 2**40, True, 0.25
    return whole


def test_all_that_is_remembered_and_nothing_else():
    assert set(lived().state.arrays) == {"parts.0.past", "parts.2.past", "part.past", "count", "begun", "fade"}


def test_taken_saved_and_put_back():
    whole = Whole()
    whole.state = State.load(lived().state.save())
    assert (whole.count, whole.begun, whole.fade) == (2**40, True, 0.25)
    assert type(whole.count) is int and type(whole.begun) is bool
    np.testing.assert_array_equal(whole.parts[2].past, [0, 1, 2])
    assert whole.state.save() == lived().state.save()


def test_states_are_copies():
    whole = lived()
    state = whole.state
    twin = state.copy()
    whole.part.past += 1
    state.arrays["part.past"] += 5
    np.testing.assert_array_equal(twin.arrays["part.past"], [7, 7, 7])
    other = Whole()
    other.state = twin
    other.part.past += 1
    np.testing.assert_array_equal(twin.arrays["part.past"], [7, 7, 7])


def test_what_does_not_fit_is_refused():
    whole = lived()
    with pytest.raises(ValueError, match="another kind"):
        whole.state = State({"count": np.array(1)})
    wrong = whole.state
    wrong.arrays["part.past"] = np.zeros((2, 2))
    with pytest.raises(ValueError, match="another model"):
        whole.state = wrong
    with pytest.raises(ValueError, match="not the state"):
        State.load(b"{}")
