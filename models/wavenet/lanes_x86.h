// What AVX2 and AVX-512 have in common: int16 sixteen to a register, weights for two inputs to an instruction.

using Half = __m256i;

// Of a group of blocks: for two inputs, block by block, row by row, the two beside each other.
constexpr int weight_at(int block, int row, int input, int blocks, int) {
  return (input / 2 * blocks + block) * 2 * kBlock + row * 2 + input % 2;
}

TARGET inline Half load_half(const int16_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
TARGET inline void store_half(int16_t* p, Half h) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), h); }
TARGET inline Half add(Half a, Half b) { return _mm256_adds_epi16(a, b); }
TARGET inline Half requantise(const Acc& acc, const int32_t* shift, const int16_t* multiplier) {
  return _mm256_mulhrs_epi16(narrow(acc, shift), load_half(multiplier));
}

TARGET inline Half tanh_of(const Tanh& tanh, Half u) {
  u = _mm256_max_epi16(u, _mm256_set1_epi16(-32767));  // whose magnitude int16 holds
  const Half a = _mm256_abs_epi16(u);
  const Half f = _mm256_slli_epi16(_mm256_and_si256(a, _mm256_set1_epi16(2047)), 4);
  const typename Tanh::Where i = tanh.where(_mm256_srli_epi16(a, 11));
  Half y = _mm256_add_epi16(tanh.piece(2, i), _mm256_mulhrs_epi16(tanh.piece(3, i), f));
  y = _mm256_add_epi16(tanh.piece(1, i), _mm256_mulhrs_epi16(y, f));
  y = _mm256_adds_epi16(tanh.piece(0, i), _mm256_mulhrs_epi16(y, f));
  return _mm256_sign_epi16(y, u);
}

TARGET inline Half gated(const Tanh& tanh, Half filter, Half gate) {
  const Half sigmoid = _mm256_add_epi16(_mm256_srai_epi16(tanh_of(tanh, gate), 1), _mm256_set1_epi16(16384));
  return _mm256_mulhrs_epi16(tanh_of(tanh, _mm256_adds_epi16(filter, filter)), sigmoid);
}

template <int B, int T>
TARGET inline void accumulate(Acc (&acc)[B][T], const int8_t* weights, int blocks, int inputs, const Column* column) {
  // compilers copy the accumulators once a turn: make fewer turns
  UNROLL_4
  for (int i = 0; i < inputs; i += 2, weights += 2 * kBlock * blocks) {
    UNROLL
    for (int b = 0; b < B; ++b) {
      const Weights w = load_weights(weights + 2 * kBlock * b);
      UNROLL
      for (int t = 0; t < T; ++t) multiply_add(acc[b][t], w, load_pair(column[t].in + i));
    }
  }
}

TARGET inline int32_t multiply_all(const int8_t* weights, size_t bytes) {
  static const int16_t pair[2] = {3, 1};
  static const int32_t zeros[kBlock] = {};
  const Pair x = load_pair(pair);
  Acc acc[kGroup];
  UNROLL
  for (int b = 0; b < kGroup; ++b) acc[b] = load_acc(zeros);
  constexpr int step = 2 * kBlock * kGroup;
  UNROLL_4
  for (size_t i = 0; i + step <= bytes; i += step) {
    UNROLL
    for (int b = 0; b < kGroup; ++b) multiply_add(acc[b], load_weights(weights + i + 2 * kBlock * b), x);
  }
  int32_t sums[kBlock], total = 0;
  for (int b = 0; b < kGroup; ++b) {
    store_acc(sums, acc[b]);
    for (int32_t v : sums) total ^= v;
  }
  return total;
}
