// Sixteen rows at a time with AVX-512 and its vector neural network instructions.

constexpr int kCells = 16;  // accumulator blocks that the registers hold
constexpr int kGroup = 8;   // blocks that are read side by side

using Acc = __m512i;
using Weights = __m512i;
using Pair = __m512i;

struct Tanh {
  using Where = __m256i;
  __m256i row[4];

  TARGET explicit Tanh(const Constants& c) {
    for (int i = 0; i < 4; ++i) row[i] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(c.tanh + 16 * i));
  }
  TARGET static Where where(__m256i i) { return i; }
  TARGET __m256i piece(int i, Where w) const { return _mm256_permutexvar_epi16(w, row[i]); }
};

TARGET inline Acc load_acc(const int32_t* p) { return _mm512_loadu_si512(p); }
TARGET inline void store_acc(int32_t* p, Acc v) { _mm512_storeu_si512(p, v); }
TARGET inline Weights load_weights(const int8_t* p) {
  return _mm512_cvtepi8_epi16(_mm256_load_si256(reinterpret_cast<const __m256i*>(p)));
}
TARGET inline Pair load_pair(const int16_t* p) { return _mm512_set1_epi32(two(p)); }
TARGET inline void multiply_add(Acc& acc, Weights w, Pair x) { acc = _mm512_dpwssd_epi32(acc, w, x); }
TARGET inline __m256i narrow(Acc acc, const int32_t* shift) {
  return _mm512_cvtsepi32_epi16(_mm512_srav_epi32(acc, load_acc(shift)));
}

#include "lanes_x86.h"
