// The sampler, over multiply.h. Included once for every instruction set.

// A stream inside a call: where its state lies, and scratch.
struct Lane {
  State* state;
  Frames frames;
  int16_t *x, *h, *z, *hidden, *logits;  // x: residual stream and, right behind it, the sum of skips
  int32_t* past;                         // (layer, kAhead, 2 x channels) products with past columns
  int32_t* samples;                      // the last 16, then those of the frame
  uint32_t random[4];
  int64_t reciprocal;  // of the gain: v * reciprocal >> 32 is v over the gain in Q10

  static size_t bytes(const Model& m) {
    return Arena::padded(sizeof(int16_t) * (m.channels + m.skip)) + Arena::padded(sizeof(int16_t) * 2 * m.channels) +
           Arena::padded(sizeof(int16_t) * m.channels) + Arena::padded(sizeof(int16_t) * m.skip) +
           Arena::padded(sizeof(int16_t) * kClasses) +
           Arena::padded(sizeof(int32_t) * m.layers * kAhead * 2 * m.channels) +
           Arena::padded(sizeof(int32_t) * (kOrder + kFrame));
  }

  int32_t* past_sums(const Model& m, int layer, int ahead) const {
    return past + (size_t(layer) * kAhead + ahead) * 2 * m.channels;
  }

  void place(const Model& m, Arena& arena, void* memory) {
    state = static_cast<State*>(memory);
    x = arena.take<int16_t>(m.channels + m.skip);
    h = arena.take<int16_t>(2 * m.channels);
    z = arena.take<int16_t>(m.channels);
    hidden = arena.take<int16_t>(m.skip);
    logits = arena.take<int16_t>(kClasses);
    past = arena.take<int32_t>(size_t(m.layers) * kAhead * 2 * m.channels);
    samples = arena.take<int32_t>(kOrder + kFrame);
  }
};

TARGET inline void embed(const Model& m, const int16_t* index, Lane& lane) {
  const int16_t* row[kInputs];
  for (int i = 0; i < kInputs; ++i) row[i] = m.embed + (size_t(i) * kRows + index[i]) * m.channels;
  // the export leaves room for any sum
  for (int c = 0; c < m.channels; ++c)
    lane.x[c] = int16_t(row[0][c] + row[1][c] + row[2][c] + row[3][c] + row[4][c] + row[5][c]);
  std::memset(lane.x + m.channels, 0, sizeof(int16_t) * m.skip);
}

TARGET inline void relu(int16_t* v, int n) {
  for (int i = 0; i < n; ++i) v[i] = std::max(v[i], int16_t{0});
}

// Logits of the next sample of K streams, from their embedded inputs. Calls end on whole frames, so that the streams
// stand at the same phase of kAhead, though maybe not at the same time.
template <int K>
TARGET inline void network(const Model& m, const Tanh& tanh, Lane* lane, const int16_t* const* cond) {
  static const int16_t zeros[kClasses] = {};
  const int channels = m.channels, phase = int(lane[0].state->time % kAhead);
  Column column[std::max(K, kAhead)];
  for (int l = 0; l < m.layers; ++l) {
    const Layer& layer = m.layer[l];
    const int ahead = std::min(layer.dilation, kAhead);
    int16_t* slot[K];
    for (int k = 0; k < K; ++k) {
      const size_t at = lane[k].state->time & uint64_t(layer.dilation - 1);
      slot[k] = lane[k].state->queues + layer.queue + at * channels;
    }
    // the column that is `dilation` samples old is known `dilation` samples ahead of its use
    if (phase % ahead == 0)
      for (int k = 0; k < K; ++k) {
        for (int a = 0; a < ahead; ++a)
          column[a] = {slot[k] + a * channels, layer.past.start, nullptr, nullptr, lane[k].past_sums(m, l, a)};
        if (ahead == 4) multiply<4, true>(layer.past, column);
        if (ahead == 2) multiply<2, true>(layer.past, column);
        if (ahead == 1) multiply<1, true>(layer.past, column);
      }
    for (int k = 0; k < K; ++k) {
      std::memcpy(slot[k], lane[k].x, sizeof(int16_t) * channels);
      column[k] = {lane[k].x, lane[k].past_sums(m, l, phase % ahead), cond[k] + l * 2 * channels, lane[k].h, nullptr};
    }
    multiply<K, false>(layer.now, column);
    for (int k = 0; k < K; ++k) {
      const int16_t *filter = lane[k].h, *gate = filter + channels;
      for (int c = 0; c < channels; c += kBlock)
        store_half(lane[k].z + c, gated(tanh, load_half(filter + c), load_half(gate + c)));
      column[k] = {lane[k].z, layer.out.start, lane[k].x, lane[k].x, nullptr};
    }
    multiply<K, false>(layer.out, column);
  }
  for (int k = 0; k < K; ++k) {
    int16_t* skip = lane[k].x + channels;
    relu(skip, m.skip);
    column[k] = {skip, m.head1.start, zeros, lane[k].hidden, nullptr};
  }
  multiply<K, false>(m.head1, column);
  for (int k = 0; k < K; ++k) {
    relu(lane[k].hidden, m.skip);
    column[k] = {lane[k].hidden, m.head2.start, zeros, lane[k].logits, nullptr};
  }
  multiply<K, false>(m.head2, column);
}

// Draw a class: scale the log-density (logit less log width) by the inverse temperature, subtract the probability floor,
// compare with the cumulative sums.
TARGET inline int draw(const Constants& c, const int16_t* logits, int32_t inverse_temperature, int32_t probability_floor,
                       uint32_t random) {
  int32_t weight[kClasses];
  int32_t top = INT32_MIN, total = 0;
  for (int i = 0; i < kClasses; ++i) {
    weight[i] = (logits[i] - c.width[i]) * inverse_temperature + c.width[i] * (1 << kInverseTemperatureBits);
    top = std::max(top, weight[i]);
  }
  for (int i = 0; i < kClasses; ++i) {
    const int32_t below = (top - weight[i]) >> kInverseTemperatureBits;
    weight[i] = c.exp2[below & ((1 << kLogitBits) - 1)] >> std::min(below >> kLogitBits, 31);
    total += weight[i];
  }
  if (probability_floor) {
    // the likeliest class, whose weight is 2**22, always stays
    const int64_t share = (int64_t{total} * probability_floor) >> kProbabilityFloorBits;
    const int32_t cut = int32_t(std::min(share, (int64_t{1} << kWeightBits) - 1));
    total = 0;
    for (int i = 0; i < kClasses; ++i) {
      weight[i] = std::max(weight[i] - cut, 0);
      total += weight[i];
    }
  }
  int32_t left = int32_t((uint64_t{random} * uint64_t(total)) >> 32);
  int first = 0;
  for (; first < kClasses - kBlock; first += kBlock) {
    int32_t sum = 0;
    for (int i = 0; i < kBlock; ++i) sum += weight[first + i];
    if (left < sum) break;
    left -= sum;
  }
  while (left >= weight[first]) left -= weight[first++];
  return first;
}

TARGET inline int32_t clamp_sample(int64_t v) {
  return int32_t(std::min(std::max(v, int64_t{-kSampleLimit}), int64_t{kSampleLimit}));
}

TARGET inline int16_t class_of(const Constants& c, int32_t v, int64_t reciprocal) {
  const int64_t q = (v * reciprocal) >> 32;
  return c.compress[std::min(std::max(q, int64_t{-kCompressLimit}), int64_t{kCompressLimit - 1}) + kCompressLimit];
}

// Sample n frames of K streams in lockstep. trace, if any: (K, n x 160, 7) the six inputs and the class drawn.
template <int K>
TARGET void sample(const Model& m, Lane* lane, int64_t n, int32_t* const* out, int16_t* const* trace) {
  const Tanh tanh(m.constants);
  const Constants& c = m.constants;
  for (int k = 0; k < K; ++k)
    for (int i = 0; i < kOrder; ++i) lane[k].samples[kOrder - 1 - i] = lane[k].state->history[i];
  for (int64_t frame = 0; frame < n; ++frame) {
    const int16_t* cond[K];
    for (int k = 0; k < K; ++k) {
      cond[k] = lane[k].frames.cond + frame * m.layers * 2 * m.channels;
      lane[k].reciprocal = (int64_t{1} << (32 + kCompressBits)) / lane[k].frames.gain[frame];
    }
    for (int i = 0; i < kFrame; ++i) {
      int32_t predicted[K];
      int16_t index[K][kInputs];
      for (int k = 0; k < K; ++k) {
        Lane& in = lane[k];
        State& s = *in.state;
        const Frames& f = in.frames;
        const int32_t* past = in.samples + kOrder - 1 + i;
        int64_t sum = 1 << (kLpcBits - 1);
        for (int o = 0; o < kOrder; ++o) sum += int64_t{f.lpc[frame * kOrder + o]} * past[-o];
        predicted[k] = clamp_sample(sum >> kLpcBits);
        index[k][0] = class_of(c, past[0], in.reciprocal);
        index[k][1] = s.ring[(s.time - 1) % kRing];
        index[k][2] = class_of(c, predicted[k], in.reciprocal);
        for (int j = 0; j < 3; ++j)
          index[k][3 + j] = f.voiced[frame] ? s.ring[(s.time - f.period[frame] - 1 + j) % kRing] : kClasses;
        embed(m, index[k], in);
      }
      network<K>(m, tanh, lane, cond);
      for (int k = 0; k < K; ++k) {
        Lane& in = lane[k];
        State& s = *in.state;
        const Frames& f = in.frames;
        if (s.time % 4 == 0) {  // a block of random numbers serves four samples
          const uint64_t block = s.time / 4;
          const uint32_t counter[4] = {uint32_t(block), uint32_t(block >> 32), uint32_t(s.number),
                                       uint32_t(s.number >> 32)};
          const uint32_t key[2] = {uint32_t(s.seed), uint32_t(s.seed >> 32)};
          philox(counter, key, in.random);
        }
        const int drawn =
            draw(c, in.logits, f.inverse_temperature[frame], f.probability_floor[frame], in.random[s.time % 4]);
        const int64_t e = int64_t{f.gain[frame]} * c.expand[drawn];
        const int32_t v = clamp_sample(predicted[k] + ((e + (1 << (kExpandBits - 1))) >> kExpandBits));
        s.ring[s.time % kRing] = uint8_t(drawn);
        in.samples[kOrder + i] = v;
        out[k][frame * kFrame + i] = v;
        if (trace) {
          int16_t* row = trace[k] + (frame * kFrame + i) * (kInputs + 1);
          std::copy(index[k], index[k] + kInputs, row);
          row[kInputs] = int16_t(drawn);
        }
        ++s.time;
      }
    }
    for (int k = 0; k < K; ++k) std::copy(lane[k].samples + kFrame, lane[k].samples + kFrame + kOrder, lane[k].samples);
  }
  for (int k = 0; k < K; ++k)
    for (int i = 0; i < kOrder; ++i) lane[k].state->history[i] = lane[k].samples[kOrder - 1 - i];
}

// Logits of n frames whose inputs are given: index (n x 160, 6) -> out (n x 160, 256). Starts from `memory`, a State.
TARGET void score(const Model& m, void* memory, const int16_t* cond, int64_t n, const int16_t* index, int16_t* out) {
  const Tanh tanh(m.constants);
  Arena arena(Lane::bytes(m));
  Lane lane;
  lane.place(m, arena, memory);
  for (int64_t t = 0; t < n * kFrame; ++t) {
    const int16_t* bias = cond + t / kFrame * m.layers * 2 * m.channels;
    embed(m, index + t * kInputs, lane);
    network<1>(m, tanh, &lane, &bias);
    std::copy(lane.logits, lane.logits + kClasses, out + t * kClasses);
    ++lane.state->time;
  }
}

// Advance up to kStreams streams by n frames.
inline void run(const Model& m, void* const* memory, const Frames* frames, int streams, int64_t n, int32_t* const* out,
                int16_t* const* trace) {
  Arena arena(Lane::bytes(m) * streams);  // all that a call allocates
  Lane lane[kStreams];
  for (int k = 0; k < streams; ++k) {
    lane[k].place(m, arena, memory[k]);
    lane[k].frames = frames[k];
  }
  switch (streams) {
    case 1:
      return sample<1>(m, lane, n, out, trace);
    case 2:
      return sample<2>(m, lane, n, out, trace);
    case 3:
      return sample<3>(m, lane, n, out, trace);
    case 4:
      return sample<4>(m, lane, n, out, trace);
  }
}
