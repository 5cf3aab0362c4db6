// Sixteen rows at a time in plain C++, for a compiler to vectorise. Defines what the x86 kernels compute, too.

constexpr int kCells = 4;  // accumulator blocks of one turn
constexpr int kGroup = 1;  // blocks of rows that are read side by side

struct Acc {
  int32_t v[kBlock];
};
struct Half {
  int16_t v[kBlock];
};
// Weights row by row: compilers know dot products.
constexpr int weight_at(int block, int row, int input, int, int inputs) {
  return (block * kBlock + row) * inputs + input;
}

TARGET inline int16_t saturate(int32_t v) { return int16_t(std::min(std::max(v, -32768), 32767)); }
// (a * b) >> 15, rounded; pmulhrsw on x86.
TARGET inline int16_t times(int16_t a, int16_t b) { return int16_t((int32_t{a} * b + 0x4000) >> 15); }
TARGET inline Acc load_acc(const int32_t* p) {
  Acc a;
  std::memcpy(a.v, p, sizeof a.v);
  return a;
}
TARGET inline void store_acc(int32_t* p, const Acc& a) { std::memcpy(p, a.v, sizeof a.v); }
TARGET inline Half load_half(const int16_t* p) {
  Half h;
  std::memcpy(h.v, p, sizeof h.v);
  return h;
}
TARGET inline void store_half(int16_t* p, const Half& h) { std::memcpy(p, h.v, sizeof h.v); }
TARGET inline int32_t dot(const int8_t* w, const int16_t* x, int n) {
  int32_t sum = 0;
  for (int i = 0; i < n; ++i) sum += int32_t{w[i]} * x[i];
  return sum;
}

// N: the number of inputs where it is known at compile time, which spares the loops their loose ends; else 0.
template <int N, int B, int T>
TARGET inline void accumulate_rows(Acc (&acc)[B][T], const int8_t* weights, int inputs, const Column* column) {
  const int n = N ? N : inputs;
  for (int b = 0; b < B; ++b)
    for (int r = 0; r < kBlock; ++r, weights += n)
      for (int t = 0; t < T; ++t) acc[b][t].v[r] += dot(weights, column[t].in, n);
}

template <int B, int T>
TARGET inline void accumulate(Acc (&acc)[B][T], const int8_t* weights, int, int inputs, const Column* column) {
  switch (inputs) {
    case 32:
      return accumulate_rows<32>(acc, weights, inputs, column);
    case 48:
      return accumulate_rows<48>(acc, weights, inputs, column);
    case 64:
      return accumulate_rows<64>(acc, weights, inputs, column);
    case 96:
      return accumulate_rows<96>(acc, weights, inputs, column);
    default:
      return accumulate_rows<0>(acc, weights, inputs, column);
  }
}

TARGET inline int32_t multiply_all(const int8_t* weights, size_t bytes) {
  int16_t x[64];
  for (int i = 0; i < 64; ++i) x[i] = int16_t(bytes >> i % 16);  // nothing that a compiler could know
  int32_t total = 0;
  for (size_t i = 0; i + 64 <= bytes; i += 64) total ^= dot(weights + i, x, 64);
  return total;
}

TARGET inline Half requantise(const Acc& acc, const int32_t* shift, const int16_t* multiplier) {
  Half h;
  for (int i = 0; i < kBlock; ++i) h.v[i] = times(saturate(acc.v[i] >> shift[i]), multiplier[i]);
  return h;
}

TARGET inline Half add(const Half& a, const Half& b) {
  Half h;
  for (int i = 0; i < kBlock; ++i) h.v[i] = saturate(a.v[i] + b.v[i]);
  return h;
}

struct Tanh {
  const int16_t* of;
  TARGET explicit Tanh(const Constants& c) : of(c.tanh_of) {}
};

// tanh(filter) * sigmoid(gate), both Q11 -> Q15. As sigmoid(v) = (1 + tanh(v/2)) / 2, Q11 of v is Q12 of v/2.
TARGET inline Half gated(const Tanh& tanh, const Half& filter, const Half& gate) {
  Half z;
  for (int i = 0; i < kBlock; ++i) {
    const int16_t sigmoid = int16_t((tanh.of[uint16_t(gate.v[i])] >> 1) + 16384);
    z.v[i] = times(tanh.of[uint16_t(saturate(2 * filter.v[i]))], sigmoid);
  }
  return z;
}
