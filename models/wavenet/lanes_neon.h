// Sixteen rows at a time with NEON (AArch64). Compare lanes_portable.h, which defines the results.

constexpr int kCells = 4;  // accumulator blocks that the registers hold
constexpr int kGroup = 4;  // blocks that are read side by side

struct Acc {
  int32x4_t v[4];
};
struct Half {
  int16x8_t a, b;
};
struct Weights {
  int16x8_t a, b;
};

// Weights of a group of blocks: input by input, block by block, row by row.
constexpr int weight_at(int block, int row, int input, int blocks, int) {
  return (input * blocks + block) * kBlock + row;
}

TARGET inline Acc load_acc(const int32_t* p) {
  return {{vld1q_s32(p), vld1q_s32(p + 4), vld1q_s32(p + 8), vld1q_s32(p + 12)}};
}
TARGET inline void store_acc(int32_t* p, const Acc& acc) {
  for (int i = 0; i < 4; ++i) vst1q_s32(p + 4 * i, acc.v[i]);
}
TARGET inline Half load_half(const int16_t* p) { return {vld1q_s16(p), vld1q_s16(p + 8)}; }
TARGET inline void store_half(int16_t* p, const Half& h) {
  vst1q_s16(p, h.a);
  vst1q_s16(p + 8, h.b);
}
TARGET inline Weights load_weights(const int8_t* p) {
  const int8x16_t bytes = vld1q_s8(p);
  return {vmovl_s8(vget_low_s8(bytes)), vmovl_s8(vget_high_s8(bytes))};
}

TARGET inline void multiply_add(Acc& acc, const Weights& w, int16_t x) {
  acc.v[0] = vmlal_n_s16(acc.v[0], vget_low_s16(w.a), x);
  acc.v[1] = vmlal_n_s16(acc.v[1], vget_high_s16(w.a), x);
  acc.v[2] = vmlal_n_s16(acc.v[2], vget_low_s16(w.b), x);
  acc.v[3] = vmlal_n_s16(acc.v[3], vget_high_s16(w.b), x);
}

template <int B, int T>
TARGET inline void accumulate(Acc (&acc)[B][T], const int8_t* weights, int blocks, int inputs, const Column* column) {
  UNROLL_4
  for (int i = 0; i < inputs; ++i, weights += kBlock * blocks) {
    UNROLL
    for (int b = 0; b < B; ++b) {
      const Weights w = load_weights(weights + kBlock * b);
      UNROLL
      for (int t = 0; t < T; ++t) multiply_add(acc[b][t], w, column[t].in[i]);
    }
  }
}

TARGET inline int32_t multiply_all(const int8_t* weights, size_t bytes) {
  static const int32_t zeros[kBlock] = {};
  Acc acc[kGroup];
  for (int b = 0; b < kGroup; ++b) acc[b] = load_acc(zeros);
  constexpr size_t step = kBlock * kGroup;
  for (size_t i = 0; i + step <= bytes; i += step) {
    UNROLL
    for (int b = 0; b < kGroup; ++b) multiply_add(acc[b], load_weights(weights + i + kBlock * b), 3);
  }
  int32_t sums[kBlock], total = 0;
  for (int b = 0; b < kGroup; ++b) {
    store_acc(sums, acc[b]);
    for (int32_t v : sums) total ^= v;
  }
  return total;
}

// (a * b) >> 15, rounded.
TARGET inline int16x8_t times(int16x8_t a, int16x8_t b) { return vqrdmulhq_s16(a, b); }

// Two registers shifted right, saturated to int16. A shift to the left by a negative number is one to the right.
TARGET inline int16x8_t narrow(int32x4_t low, int32x4_t high, const int32_t* shift) {
  return vcombine_s16(vqmovn_s32(vshlq_s32(low, vnegq_s32(vld1q_s32(shift)))),
                      vqmovn_s32(vshlq_s32(high, vnegq_s32(vld1q_s32(shift + 4)))));
}

TARGET inline Half requantise(const Acc& acc, const int32_t* shift, const int16_t* multiplier) {
  return {times(narrow(acc.v[0], acc.v[1], shift), vld1q_s16(multiplier)),
          times(narrow(acc.v[2], acc.v[3], shift + 8), vld1q_s16(multiplier + 8))};
}

TARGET inline Half add(const Half& x, const Half& y) { return {vqaddq_s16(x.a, y.a), vqaddq_s16(x.b, y.b)}; }

struct Tanh {
  uint8x16x2_t row[4];  // the sixteen int16 entries of a row as bytes, for a byte look-up

  TARGET explicit Tanh(const Constants& c) {
    for (int i = 0; i < 4; ++i) {
      const uint8_t* bytes = reinterpret_cast<const uint8_t*>(c.tanh + 16 * i);
      row[i] = {{vld1q_u8(bytes), vld1q_u8(bytes + 16)}};
    }
  }
  TARGET int16x8_t piece(int i, uint8x16_t at) const { return vreinterpretq_s16_u8(vqtbl2q_u8(row[i], at)); }
};

TARGET inline int16x8_t tanh_of(const Tanh& tanh, int16x8_t u) {
  u = vmaxq_s16(u, vdupq_n_s16(-32767));  // whose magnitude int16 can represent
  const int16x8_t a = vabsq_s16(u);
  const int16x8_t f = vshlq_n_s16(vandq_s16(a, vdupq_n_s16(2047)), 4);
  const uint16x8_t i = vreinterpretq_u16_s16(vshrq_n_s16(a, 11));
  const uint8x16_t at = vreinterpretq_u8_u16(vmlaq_n_u16(vdupq_n_u16(0x0100), i, 0x0202));  // bytes 2i and 2i + 1
  int16x8_t y = vaddq_s16(tanh.piece(2, at), times(tanh.piece(3, at), f));
  y = vaddq_s16(tanh.piece(1, at), times(y, f));
  y = vqaddq_s16(tanh.piece(0, at), times(y, f));
  y = vbslq_s16(vcltzq_s16(u), vnegq_s16(y), y);
  return vbicq_s16(y, vreinterpretq_s16_u16(vceqzq_s16(u)));
}

TARGET inline int16x8_t gated(const Tanh& tanh, int16x8_t filter, int16x8_t gate) {
  const int16x8_t sigmoid = vaddq_s16(vshrq_n_s16(tanh_of(tanh, gate), 1), vdupq_n_s16(16384));
  return times(tanh_of(tanh, vqaddq_s16(filter, filter)), sigmoid);
}

TARGET inline Half gated(const Tanh& tanh, const Half& filter, const Half& gate) {
  return {gated(tanh, filter.a, gate.a), gated(tanh, filter.b, gate.b)};
}
