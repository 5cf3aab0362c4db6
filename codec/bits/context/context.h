// What the steps so far say about the next code: numba_kernel.py's arithmetic in C++.
//
// coder.py checks codes, flags and tables, which keeps all sums within 32 bits; here arrays are only compared with one
// another.

#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "../../../native/python_buffer.h"

namespace {

// The constants of units.py
constexpr int kSumBits = 3, kSumLimit = 4095, kFineBits = 4, kHiddenLimit = (1 << 13) - 1, kLogitBits = 5, kAges = 8;
constexpr int kSlow[] = {2, 4}, kMemories = 4, kTotalBits = 16;
constexpr int64_t kTotal = 1 << kTotalBits;

// 2**(24 - i / 32), rounded
constexpr int32_t kPowers[1 << kLogitBits] = {
    16777216, 16417715, 16065917, 15721658, 15384775, 15055111, 14732511, 14416824, 14107901, 13805598, 13509772,
    13220286, 12937002, 12659789, 12388516, 12123055, 11863283, 11609078, 11360319, 11116891, 10878679, 10645571,
    10417458, 10194234, 9975792,  9762032,  9552851,  9348154,  9147842,  8951823,  8760003,  8572295};
constexpr int32_t kDeepest = 24 << kLogitBits;

int32_t clip(int32_t x, int32_t low, int32_t high) { return std::min(std::max(x, low), high); }

// out[m] += inputs[n] times weights[n, m]
void add_product_anywhere(int32_t* out, Py_ssize_t m, const int16_t* inputs, Py_ssize_t n, const int8_t* weights) {
  for (Py_ssize_t i = 0; i < n; ++i, weights += m) {
    const int16_t x = inputs[i];
    if (!x) continue;
    for (Py_ssize_t j = 0; j < m; ++j) out[j] += int32_t{x} * int16_t{weights[j]};
  }
}

#if (defined(__GNUC__) || defined(__clang__)) && (defined(__x86_64__) || defined(__i386__))
// The same loop in wider registers, which makes everything half as fast again.
__attribute__((target("avx2"), flatten)) void add_product_avx2(int32_t* out, Py_ssize_t m, const int16_t* inputs,
                                                               Py_ssize_t n, const int8_t* weights) {
  add_product_anywhere(out, m, inputs, n, weights);
}
const auto add_product = __builtin_cpu_supports("avx2") ? add_product_avx2 : add_product_anywhere;
#else
const auto add_product = add_product_anywhere;
#endif

// A Network of coder.py and a coder's memory: what the steps so far say about the next code.
class Context {
 public:
  Context(PyObject* net, PyObject* memory, PyObject* age)
      : past_(array_attribute<int8_t>(net, "past", {-1, -1})),
        age_(array_attribute<int32_t>(net, "age", {kAges, past_.size(1)})),
        drive_(array_attribute<int8_t>(net, "drive", {-1, past_.size(1), -1})),
        start_(array_attribute<int16_t>(net, "start", {-1, drive_.size(2)})),
        entries_(array_attribute<int8_t>(net, "entries", {-1, drive_.size(2)})),
        views_(array_attribute<int8_t>(net, "views", {entries_.size() * drive_.size(2)})),
        bias_(array_attribute<int16_t>(net, "bias", {entries_.size()})),
        vectors_(array_attribute<int16_t>(net, "vectors", {entries_.size(), past_.size() / kMemories})),
        first_(array_attribute<int64_t>(net, "first", {start_.size() + 1})),
        shifts_(array_attribute<int64_t>(net, "shifts", {3 + drive_.size()})),
        memory_(memory, {kMemories, vectors_.size(1)}, kWritable),
        steps_(age, {1}, kWritable),
        inputs_(past_.size()),
        hidden_(past_.size(1)),
        state_(drive_.size(2)),
        sums_(1) {
    bool fits = past_.size() % kMemories == 0 && start_.size() <= drive_.size() && *first_.at(0) == 0 &&
                *first_.at(books()) <= entries_.size() && *steps_.at(0) >= 0;
    for (Py_ssize_t k = 0; k < books(); ++k) fits = fits && *first_.at(k) < *first_.at(k + 1);
    for (Py_ssize_t i = 0; i < shifts_.size(); ++i) fits = fits && *shifts_.at(i) >= 0 && *shifts_.at(i) < 31;
    if (fits) return;
    PyErr_SetString(PyExc_ValueError, "a network that can't be");
    throw Raised{};
  }

  Py_ssize_t books() const { return start_.size(); }

  // Begin a step that isn't held.
  void begin() {
    const Py_ssize_t inputs = past_.size(), slow = inputs / 2, n = past_.size(1);
    for (Py_ssize_t i = 0; i < inputs; ++i) inputs_[i] = int16_t(*memory_.at(i) >> (i < slow ? 0 : kFineBits));
    const int32_t* age = age_.at(n * std::min<int64_t>(*steps_.at(0), kAges - 1));
    out_.assign(age, age + n);
    add_product(out_.data(), n, inputs_.data(), inputs, past_.at(0));
    for (Py_ssize_t j = 0; j < n; ++j) hidden_[j] = int16_t(clip(out_[j] >> *shifts_.at(0), 0, kHiddenLimit));
    chosen_.assign(drive_.size(2), 0);
  }

  // How many entries a book has, after which place() is about these.
  int64_t look(Py_ssize_t k) {
    const Py_ssize_t rank = drive_.size(2), hidden = past_.size(1), low = Py_ssize_t(*first_.at(k));
    size_ = *first_.at(k + 1) - low;
    out_.assign(rank, 0);
    add_product(out_.data(), rank, hidden_.data(), hidden, drive_.at(k * hidden * rank));
    for (Py_ssize_t j = 0; j < rank; ++j) {
      const int32_t moved = (out_[j] >> *shifts_.at(1)) + *start_.at(k * rank + j) + chosen_[j];
      state_[j] = int16_t(clip(moved, -kHiddenLimit, kHiddenLimit));
    }
    out_.assign(size_, 0);
    add_product(out_.data(), size_, state_.data(), rank, views_.at(low * rank));
    const int shift = int(*shifts_.at(3 + k));
    const int16_t* bias = bias_.at(low);
    int32_t highest = INT32_MIN;
    for (Py_ssize_t j = 0; j < size_; ++j) highest = std::max(highest, out_[j] = (out_[j] >> shift) + bias[j]);
    sums_.resize(size_ + 1);
    for (Py_ssize_t j = 0; j < size_; ++j) {
      const int32_t depth = std::min(highest - out_[j], kDeepest);
      sums_[j + 1] = sums_[j] + (kPowers[depth & ((1 << kLogitBits) - 1)] >> (depth >> kLogitBits));
    }
    factor_ = ((kTotal - size_) << 32) / sums_[size_];
    return size_;
  }

  // Where the interval of an entry begins.
  int64_t place(int64_t entry) const { return entry == size_ ? kTotal : entry + (sums_[entry] * factor_ >> 32); }

  void choose(Py_ssize_t k, Py_ssize_t code) {
    const Py_ssize_t rank = drive_.size(2);
    const int8_t* entry = entries_.at((Py_ssize_t(*first_.at(k)) + code) * rank);
    for (Py_ssize_t j = 0; j < rank; ++j) chosen_[j] += entry[j] * (1 << *shifts_.at(2));
  }

  void remember(const int16_t* codes) {
    const Py_ssize_t n = vectors_.size(1);
    int32_t *last = memory_.at(0), *before = memory_.at(n);
    std::copy(last, last + n, before);
    std::fill(last, last + n, 0);
    for (Py_ssize_t k = 0; k < books(); ++k) {
      const int16_t* vector = vectors_.at((Py_ssize_t(*first_.at(k)) + codes[k]) * n);
      for (Py_ssize_t j = 0; j < n; ++j) last[j] += vector[j];
    }
    for (Py_ssize_t j = 0; j < n; ++j) {
      last[j] = clip(last[j] >> kSumBits, -kSumLimit, kSumLimit);
      for (int i = 0; i < 2; ++i) {
        int32_t& average = *memory_.at((2 + i) * n + j);
        average += ((last[j] * (1 << kFineBits)) - average) >> kSlow[i];
      }
    }
    ++*steps_.at(0);
  }

 private:
  Array<int8_t> past_;
  Array<int32_t> age_;
  Array<int8_t> drive_;
  Array<int16_t> start_;
  Array<int8_t> entries_, views_;
  Array<int16_t> bias_, vectors_;
  Array<int64_t> first_, shifts_;
  Array<int32_t> memory_;
  Array<int64_t> steps_;
  std::vector<int16_t> inputs_, hidden_, state_;
  std::vector<int32_t> out_, chosen_;
  std::vector<int64_t> sums_;  // of the weights of the entries before
  int64_t size_ = 0, factor_ = 0;
};

}  // namespace
