// What every instruction set's engine works on: the packed network, a stream's state, random numbers.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

// Fixed-point units: see units.py, which says what they mean.
constexpr int kFrame = 160, kClasses = 256, kRows = kClasses + 1, kInputs = 6, kOrder = 16, kRing = 512;
constexpr int kLpcBits = 12, kWeightBits = 22, kInverseTemperatureBits = 12, kProbabilityFloorBits = 16;
constexpr int kExpandBits = 12, kLogitBits = 8;
constexpr int kCompressBits = 10, kCompressLimit = 8 << kCompressBits;
constexpr int32_t kSampleLimit = (1 << 20) - 1;

constexpr int kAhead = 4;    // time steps whose products with past columns share one pass over the weights
constexpr int kStreams = 4;  // streams that share every pass
constexpr int kBlock = 16;   // rows of a block of weights

// Zeroed memory on cache-line boundaries. All memory of the extension is an Arena, so that a test can count them.
class Arena {
 public:
  explicit Arena(size_t bytes) : base_(std::calloc(bytes + 64, 1)) {
    if (!base_) throw std::bad_alloc();
    ++count;
    next_ = reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(base_) + 63) & ~uintptr_t{63});
  }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() { std::free(base_); }

  static size_t padded(size_t bytes) { return (bytes + 63) & ~size_t{63}; }

  template <class T>
  T* take(size_t n) {
    T* taken = reinterpret_cast<T*>(next_);
    next_ += padded(n * sizeof(T));
    return taken;
  }

  static inline std::atomic<long> count{0};

 private:
  void* base_;
  char* next_;
};

// One linear map from int16 to int16. Rows come in blocks of 16, blocks in groups that the engine reads side by side.
struct Matrix {
  int rows, inputs;
  const int8_t* weights;  // in the order in which they are read
  const int32_t* start;   // what the accumulators begin with: the bias, and half of what `shift` drops
  const int32_t* shift;   // result = (accumulator >> shift, saturated) * multiplier, rounded
  const int16_t* multiplier;
};

// One column to be multiplied. Either `sums` receives the accumulators, or `out` the requantised result plus `add`.
struct Column {
  const int16_t* in;
  const int32_t* start;
  const int16_t* add;
  int16_t* out;
  int32_t* sums;
};

struct Layer {
  int dilation;
  size_t queue;  // offset of its ring of columns
  Matrix past, now, out;
};

// Views into the caller's arrays.
struct Constants {
  const int16_t* tanh;     // (4, 16) cubic pieces
  const int16_t* tanh_of;  // what they give for every int16, by uint16
  const int32_t* exp2;
  const int16_t* width;
  const uint8_t* compress;
  const int32_t* expand;
};

struct Model {
  int channels, skip, layers;
  Layer* layer;
  Matrix head1, head2;
  const int16_t* embed;
  Constants constants;
};

// A stream between two calls, in the caller's memory; stream.py lays it out.
struct State {
  uint64_t time, seed, number, unused;
  int32_t history[kOrder];  // newest first
  uint8_t ring[kRing];      // excitation class of sample t at t % 512
  uint8_t pad[32];
  int16_t queues[1];
};
static_assert(offsetof(State, queues) == 640, "stream.py knows this");

// Everything that a stream needs in 10 ms, n frames in a row.
struct Frames {
  const int16_t* lpc;
  const int32_t *gain, *period;
  const uint8_t* voiced;
  const int32_t *inverse_temperature, *probability_floor;
  const int16_t* cond;
};

inline int32_t two(const int16_t* p) {
  int32_t both;
  std::memcpy(&both, p, sizeof both);
  return both;
}

// Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
inline void philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
  uint32_t c[4] = {counter[0], counter[1], counter[2], counter[3]}, k[2] = {key[0], key[1]};
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53} * c[0], b = uint64_t{0xCD9E8D57} * c[2];
    const uint32_t next[4] = {uint32_t(b >> 32) ^ c[1] ^ k[0], uint32_t(b), uint32_t(a >> 32) ^ c[3] ^ k[1],
                              uint32_t(a)};
    std::memcpy(c, next, sizeof c);
    k[0] += 0x9E3779B9;
    k[1] += 0xBB67AE85;
  }
  std::memcpy(out, c, sizeof c);
}
