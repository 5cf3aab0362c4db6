"""Fixed-point units of the integer sampler, shared by the export, the kernels and whoever prepares their frames.

A quantity "in Qn" is stored as ``round(value * 2**n)``.
"""

from __future__ import annotations

FRAME = 160  # samples that share one conditioning vector
CLASSES = 256
ROWS = CLASSES + 1  # of an embedding table; the last says "no pitch"
INPUTS = 6
ORDER = 16  # predictor coefficients of a frame
RING = 512  # past excitation indices kept for the pitch taps

SAMPLE_BITS = 4  # samples and gains: Q4 of a 16-bit sample's step
SAMPLE_LIMIT = 2**20 - 1  # samples are clamped to +- this, twice full scale
LPC_BITS = 12
COND_BITS = 11  # pre-activations of the gates
GATE_BITS = 15  # their outputs
LOGIT_BITS = 8  # logits, in units of log2
WEIGHT_BITS = 22  # probability of the likeliest class before normalisation
INVERSE_TEMPERATURE_BITS = 12  # inverse temperature
MAX_INVERSE_TEMPERATURE = 2**14  # 32 bits hold a tempered logit up to here
PROBABILITY_FLOOR_BITS = 16  # probability floor, as a fraction of the total
EXPAND_BITS = 12  # excitation of a class, in residual gains
COMPRESS_BITS = 10  # a sample over the gain, on its way to a class: finer than the narrowest class, 0.0014
COMPRESS_LIMIT = 2 ** (COMPRESS_BITS + 3)  # the table of classes covers +-8
MIN_GAIN = 16
MIN_PERIOD, MAX_PERIOD = 3, 500
