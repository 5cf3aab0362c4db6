// The network in float32, teacher-forced and unhurried: checks the structure of the engines against another framework.
#pragma once

#include <cmath>
#include <vector>

#include "model.h"

struct FloatModel {
  int channels, skip, layers;
  const int32_t* dilation;
  const float *embed, *dilated, *out, *out_bias, *head1, *head1_bias, *head2, *head2_bias;
};

// The sum is a double: only the network's own float32 values are to be checked, not an order of additions.
inline float dot(const float* w, const float* x, int n) {
  double sum = 0;
  for (int i = 0; i < n; ++i) sum += double{w[i]} * x[i];
  return float(sum);
}

// index (n x 160, 6), cond (n, layers x 2 x channels) -> logits (n x 160, 256) in nats.
inline void float_score(const FloatModel& m, int64_t n, const int16_t* index, const float* cond, float* logits) {
  const int c = m.channels, s = m.skip;
  std::vector<std::vector<float>> queue;
  for (int l = 0; l < m.layers; ++l) queue.emplace_back(size_t(m.dilation[l]) * c);
  std::vector<float> columns(2 * c), h(2 * c), z(c), skip(s), hidden(s);
  float* x = columns.data() + c;  // behind the past column
  for (int64_t t = 0; t < n * kFrame; ++t) {
    std::fill(x, x + c, 0.0f);
    std::fill(skip.begin(), skip.end(), 0.0f);
    for (int i = 0; i < kInputs; ++i)
      for (int j = 0; j < c; ++j) x[j] += m.embed[(size_t(i) * kRows + index[t * kInputs + i]) * c + j];
    for (int l = 0; l < m.layers; ++l) {
      float* slot = queue[l].data() + t % m.dilation[l] * c;
      std::copy(slot, slot + c, columns.data());
      std::copy(x, x + c, slot);
      for (int r = 0; r < 2 * c; ++r)
        h[r] = cond[(t / kFrame * m.layers + l) * 2 * c + r] +
               dot(m.dilated + (size_t(l) * 2 * c + r) * 2 * c, columns.data(), 2 * c);
      for (int j = 0; j < c; ++j) z[j] = std::tanh(h[j]) / (1 + std::exp(-h[c + j]));
      for (int r = 0; r < c + s; ++r) {
        const size_t row = size_t(l) * (c + s) + r;
        (r < c ? x[r] : skip[r - c]) += m.out_bias[row] + dot(m.out + row * c, z.data(), c);
      }
    }
    for (float& v : skip) v = std::max(v, 0.0f);
    for (int r = 0; r < s; ++r) hidden[r] = std::max(m.head1_bias[r] + dot(m.head1 + r * s, skip.data(), s), 0.0f);
    for (int r = 0; r < kClasses; ++r)
      logits[t * kClasses + r] = m.head2_bias[r] + dot(m.head2 + r * s, hidden.data(), s);
  }
}
