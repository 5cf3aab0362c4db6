// The weight-streaming floor of an instruction set: the minimum time of any sampler that reads this number of weights.

// Every weight through one multiply-add, or through a register only.
TARGET inline int32_t stream(const int8_t* weights, size_t bytes, bool multiply) {
  if (multiply) return multiply_all(weights, bytes);
  int64_t words[8] = {};
  for (size_t i = 0; i + sizeof words <= bytes; i += sizeof words)
    for (int j = 0; j < 8; ++j) {
      int64_t word;
      std::memcpy(&word, weights + i + sizeof word * j, sizeof word);
      words[j] ^= word;
    }
  for (int j = 1; j < 8; ++j) words[0] ^= words[j];
  return int32_t(words[0]);
}
