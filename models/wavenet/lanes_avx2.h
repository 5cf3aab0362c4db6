// Sixteen rows at a time with AVX2.

constexpr int kCells = 4;  // accumulator blocks that the registers hold
constexpr int kGroup = 4;  // blocks that are read side by side

struct Acc {
  __m256i a, b;
};
struct Weights {
  __m256i a, b;
};
using Pair = __m256i;

struct Tanh {
  struct Where {
    __m256i low, high;
  };
  __m256i low[4], high[4];  // bytes of the sixteen int16 entries of a row, for a byte shuffle

  TARGET explicit Tanh(const Constants& c) {
    for (int row = 0; row < 4; ++row) {
      alignas(16) uint8_t bytes[2][16];
      for (int i = 0; i < 16; ++i) {
        bytes[0][i] = uint8_t(c.tanh[16 * row + i] & 255);
        bytes[1][i] = uint8_t(uint16_t(c.tanh[16 * row + i]) >> 8);
      }
      low[row] = _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(bytes[0])));
      high[row] = _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(bytes[1])));
    }
  }
  TARGET static Where where(__m256i i) {  // a byte with its top bit set is shuffled to zero
    return {_mm256_or_si256(i, _mm256_set1_epi16(int16_t(0x8000))),
            _mm256_or_si256(_mm256_slli_epi16(i, 8), _mm256_set1_epi16(0x0080))};
  }
  TARGET __m256i piece(int row, const Where& w) const {
    return _mm256_or_si256(_mm256_shuffle_epi8(low[row], w.low), _mm256_shuffle_epi8(high[row], w.high));
  }
};

TARGET inline Acc load_acc(const int32_t* p) {
  return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)),
          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 8))};
}
TARGET inline void store_acc(int32_t* p, const Acc& v) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v.a);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p + 8), v.b);
}
TARGET inline Weights load_weights(const int8_t* p) {
  return {_mm256_cvtepi8_epi16(_mm_load_si128(reinterpret_cast<const __m128i*>(p))),
          _mm256_cvtepi8_epi16(_mm_load_si128(reinterpret_cast<const __m128i*>(p + 16)))};
}
TARGET inline Pair load_pair(const int16_t* p) { return _mm256_set1_epi32(two(p)); }

TARGET inline void multiply_add(Acc& acc, const Weights& w, Pair x) {
  acc.a = _mm256_add_epi32(acc.a, _mm256_madd_epi16(w.a, x));
  acc.b = _mm256_add_epi32(acc.b, _mm256_madd_epi16(w.b, x));
}

TARGET inline __m256i narrow(const Acc& acc, const int32_t* shift) {
  const Acc by = load_acc(shift);
  const __m256i packed = _mm256_packs_epi32(_mm256_srav_epi32(acc.a, by.a), _mm256_srav_epi32(acc.b, by.b));
  return _mm256_permute4x64_epi64(packed, 0xD8);  // packing works in each half of a register: reorder the quarters
}

#include "lanes_x86.h"
