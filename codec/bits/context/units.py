"""The units of the context model's integers: what its kernels and its training agree on."""

import numpy as np

SUM_BITS = 3
"""Of a step's sum of code book vectors, dropped."""
SUM_LIMIT = 4095
"""What sums are clipped to."""
SLOW = (2, 4)
"""Averages forget a quarter and a sixteenth of themselves each step."""
FINE_BITS = 4
"""Fractional bits of averages."""
AGES = 8
"""A coder knows its age up to this, less one, in steps since a reset."""
HIDDEN_BITS = 8
"""Fractional bits of hidden units and states."""
HIDDEN_LIMIT = (1 << 13) - 1
"""What hidden units and states are clipped to."""
LOGIT_BITS = 5
"""Logits come in 32nds of an octave."""
REPEAT_WIDTHS = (1024, 61440)
"""How likely it is, of 2**16, that a step is held: after one that wasn't, and after one that was."""

# fmt: off
POWERS = np.array([
    16777216, 16417715, 16065917, 15721658, 15384775, 15055111, 14732511, 14416824,
    14107901, 13805598, 13509772, 13220286, 12937002, 12659789, 12388516, 12123055,
    11863283, 11609078, 11360319, 11116891, 10878679, 10645571, 10417458, 10194234,
    9975792, 9762032, 9552851, 9348154, 9147842, 8951823, 8760003, 8572295,
], np.int64)
# fmt: on
"""2**(24 - i / 32), rounded: what an entry weighs whose logit is i below the highest."""
