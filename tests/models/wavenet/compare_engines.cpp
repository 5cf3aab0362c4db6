// Compares every engine that runs on this processor with the portable one, on random networks; prints the names of
// those compared and fails where a sample, a logit or a product differs. Without Python, so that an emulator can run
// it.

#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

#include "../../../models/wavenet/engines.h"

namespace {

std::mt19937 random_bits(1);

template <class T>
std::vector<T> uniform(size_t n, int low, int high) {
  std::uniform_int_distribution<int> draw(low, high);
  std::vector<T> values(n);
  for (T& v : values) v = T(draw(random_bits));
  return values;
}

struct Linear {
  int rows, inputs;
  std::vector<int8_t> weights;
  std::vector<int32_t> start, shift;
  std::vector<int16_t> multiplier;

  Linear(int rows_, int inputs_)
      : rows(rows_),
        inputs(inputs_),
        weights(uniform<int8_t>(size_t(rows_) * inputs_, -127, 127)),
        start(uniform<int32_t>(rows_, -300000, 300000)),
        shift(uniform<int32_t>(rows_, 6, 12)),
        multiplier(uniform<int16_t>(rows_, 16384, 32767)) {}

  Matrix packed(const Engine& engine, Arena& arena) const {
    int8_t* to = arena.take<int8_t>(weights.size());
    engine.pack(weights.data(), inputs, rows, inputs, to);
    return {rows, inputs, to, start.data(), shift.data(), multiplier.data()};
  }
};

// A random network, and one recording's worth of frames for it.
struct Network {
  int channels, skip;
  std::vector<int> dilations;
  std::vector<Linear> past, now, out;
  Linear head1, head2;
  std::vector<int16_t> embed, tanh, tanh_of, width;
  std::vector<int32_t> exp2, expand;
  std::vector<uint8_t> compress;

  Network(int channels_, int skip_, int layers)
      : channels(channels_), skip(skip_), head1(skip_, skip_), head2(kClasses, skip_) {
    for (int l = 0; l < layers; ++l) {
      dilations.push_back(1 << l % 7);
      past.emplace_back(2 * channels, channels);
      now.emplace_back(2 * channels, channels);
      out.emplace_back(channels + skip, channels);
    }
    embed = uniform<int16_t>(size_t{kInputs} * kRows * channels, -5000, 5000);
    width = uniform<int16_t>(kClasses, -2000, 800);
    expand = uniform<int32_t>(kClasses, -32000, 32000);
    compress = uniform<uint8_t>(2 * kCompressLimit, 0, 255);
    for (int i = 0; i < 1 << kLogitBits; ++i)
      exp2.push_back(int32_t(std::lround(std::exp2(kWeightBits - i / double(1 << kLogitBits)))));
    make_tanh();
  }

  // Taylor pieces of the activation, and the table of all its values as tables.py defines it.
  void make_tanh() {
    tanh.resize(64);
    for (int i = 0; i < 16; ++i) {
      const double y = std::tanh(i / 2.0), d = 1 - y * y;
      const double piece[4] = {y, d / 2, -y * d / 4, (3 * y * y - 1) * d / 24};
      for (int k = 0; k < 4; ++k) tanh[16 * k + i] = int16_t(std::min(std::lround(piece[k] * 32768), 32767L));
    }
    for (int v = 0; v < 1 << 16; ++v) {
      const int u = int16_t(v), magnitude = std::min(std::abs(u), 32767), along = (magnitude & 2047) << 4;
      int y = tanh[48 + (magnitude >> 11)];
      for (int k = 2; k >= 0; --k) y = tanh[16 * k + (magnitude >> 11)] + ((y * along + 0x4000) >> 15);
      y = std::min(y, 32767);
      tanh_of.push_back(int16_t(u < 0 ? -y : u > 0 ? y : 0));
    }
  }

  size_t queue_size() const {
    size_t sum = 0;
    for (int d : dilations) sum += size_t(d) * channels;
    return sum;
  }
};

// A network packed for one engine, and what it computes.
struct Outcome {
  std::vector<int32_t> samples;
  std::vector<int16_t> logits;
  bool operator==(const Outcome& other) const { return samples == other.samples && logits == other.logits; }
};

struct Inputs {
  int64_t n = 1;  // frames
  std::vector<int16_t> lpc, cond, index;
  std::vector<int32_t> gain, period, temper, floor;
  std::vector<uint8_t> voiced;

  explicit Inputs(const Network& net) {
    lpc = uniform<int16_t>(n * kOrder, -500, 500);
    cond = uniform<int16_t>(n * net.dilations.size() * 2 * net.channels, -20000, 20000);
    index = uniform<int16_t>(n * kFrame * kInputs, 0, kRows - 1);
    gain = uniform<int32_t>(n, 400, 9000);
    period = uniform<int32_t>(n, 3, 500);
    temper = uniform<int32_t>(n, 1, 16384);
    floor = uniform<int32_t>(n, 0, 400);
    voiced = uniform<uint8_t>(n, 0, 1);
  }
  Frames frames() const {
    return {lpc.data(), gain.data(), period.data(), voiced.data(), temper.data(), floor.data(), cond.data()};
  }
};

Outcome outcome(const Network& net, const Inputs& inputs, const Engine& engine, int streams) {
  Arena arena(size_t{1} << 22);
  std::vector<Layer> layers;
  size_t queue = 0;
  for (size_t l = 0; l < net.dilations.size(); ++l) {
    layers.push_back({net.dilations[l], queue, net.past[l].packed(engine, arena), net.now[l].packed(engine, arena),
                      net.out[l].packed(engine, arena)});
    queue += size_t(net.dilations[l]) * net.channels;
  }
  const Constants constants = {net.tanh.data(),  net.tanh_of.data(),  net.exp2.data(),
                               net.width.data(), net.compress.data(), net.expand.data()};
  const Model model = {net.channels,
                       net.skip,
                       int(layers.size()),
                       layers.data(),
                       net.head1.packed(engine, arena),
                       net.head2.packed(engine, arena),
                       net.embed.data(),
                       constants};
  const size_t state_bytes = sizeof(State) + net.queue_size() * sizeof(int16_t);
  void* memory[kStreams];
  Frames frames[kStreams];
  int32_t* samples[kStreams];
  Outcome result;
  const size_t wave = inputs.n * kFrame;
  result.samples.resize(wave * streams);
  result.logits.resize(wave * kClasses);
  for (int k = 0; k < streams; ++k) {
    State* state = reinterpret_cast<State*>(arena.take<char>(state_bytes));
    state->seed = 5;
    state->number = k;
    memory[k] = state;
    frames[k] = inputs.frames();
    samples[k] = result.samples.data() + wave * k;
  }
  engine.run(model, memory, frames, streams, inputs.n, samples, nullptr);
  void* fresh = arena.take<char>(state_bytes);
  engine.score(model, fresh, inputs.cond.data(), inputs.n, inputs.index.data(), result.logits.data());
  return result;
}

}  // namespace

int main() {
  const int sizes[][3] = {{32, 32, 7}, {48, 64, 5}, {64, 64, 9}, {80, 16, 3}};
  const Engine& portable = kEngines[sizeof kEngines / sizeof *kEngines - 1];
  for (const Engine& engine : kEngines) {
    if (!engine.runs_here() || &engine == &portable) continue;
    for (const auto& size : sizes) {
      const Network net(size[0], size[1], size[2]);
      const Inputs inputs(net);
      for (int streams = 1; streams <= kStreams; ++streams)
        if (!(outcome(net, inputs, engine, streams) == outcome(net, inputs, portable, streams))) {
          std::printf("%s differs from portable: %d channels, %d streams\n", engine.name, size[0], streams);
          return 1;
        }
    }
    std::printf("%s\n", engine.name);
  }
  return 0;
}
