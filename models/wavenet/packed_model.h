// A network's tables (tables.py) in the order in which an engine reads them.
#pragma once

#include <string>

#include "../../native/python_buffer.h"
#include "engines.h"

namespace {

// A packed model owns all that its `model` points to.
struct PackedModel {
  const Engine* engine;
  Arena arena;
  Model model;
};

template <class T>
const T* copy(Arena& arena, const Array<const T>& from, size_t n) {
  T* to = arena.take<T>(n);
  std::memcpy(to, from.at(0), n * sizeof(T));
  return to;
}

inline size_t matrix_bytes(int rows, int inputs) {
  return Arena::padded(size_t(rows) * inputs) + 2 * Arena::padded(rows * sizeof(int32_t)) +
         Arena::padded(rows * sizeof(int16_t));
}

// Bytes of the arena of a packed model.
inline size_t model_bytes(int channels, int skip, int layers) {
  const int wide = 2 * channels, both = channels + skip;
  return Arena::padded(layers * sizeof(Layer)) +
         layers * (2 * matrix_bytes(wide, channels) + matrix_bytes(both, channels)) + matrix_bytes(skip, skip) +
         matrix_bytes(kClasses, skip) + Arena::padded(size_t{kInputs} * kRows * channels * sizeof(int16_t)) +
         sizeof(int16_t) * (64 + kClasses + (1 << 16)) + sizeof(int32_t) * ((1 << kLogitBits) + kClasses) +
         2 * kCompressLimit;
}

// The tables of `maps` linear maps of one shape: NAME, NAME_bias where there is one, NAME_shift and NAME_multiplier.
class LinearTables {
 public:
  LinearTables(PyObject* tables, const std::string& name, int maps, int rows, int inputs, bool stacked, bool has_bias)
      : rows_(rows),
        inputs_(inputs),
        weights_(stacked ? array_entry<const int8_t>(tables, name.c_str(), {maps, rows, inputs})
                         : array_entry<const int8_t>(tables, name.c_str(), {rows, inputs})),
        shift_(row_table<const int32_t>(tables, name + "_shift", maps, stacked)),
        multiplier_(row_table<const int16_t>(tables, name + "_multiplier", maps, stacked)) {
    if (has_bias) bias_.push_back(row_table<const int32_t>(tables, name + "_bias", maps, stacked));
  }

  // The columns `first` to `first + inputs` of a map, packed for the model's engine.
  Matrix matrix(PackedModel& packed, int map, int first, int inputs, bool with_bias) const {
    const int32_t* shift = shift_.at(map * rows_);
    const int16_t* multiplier = multiplier_.at(map * rows_);
    int8_t* weights = packed.arena.take<int8_t>(size_t(rows_) * inputs);
    packed.engine->pack(weights_.at(Py_ssize_t(map) * rows_ * inputs_ + first), inputs_, rows_, inputs, weights);
    int32_t* start = packed.arena.take<int32_t>(rows_);
    for (int r = 0; r < rows_; ++r)
      start[r] = (with_bias && !bias_.empty() ? *bias_[0].at(map * rows_ + r) : 0) + (1 << (shift[r] - 1));
    int32_t* shifts = packed.arena.take<int32_t>(rows_);
    int16_t* multipliers = packed.arena.take<int16_t>(rows_);
    std::copy(shift, shift + rows_, shifts);
    std::copy(multiplier, multiplier + rows_, multipliers);
    return {rows_, inputs, weights, start, shifts, multipliers};
  }

 private:
  template <class T>
  Array<T> row_table(PyObject* tables, const std::string& name, int maps, bool stacked) const {
    return stacked ? array_entry<T>(tables, name.c_str(), {maps, rows_})
                   : array_entry<T>(tables, name.c_str(), {rows_});
  }

  int rows_, inputs_;
  Array<const int8_t> weights_;
  Array<const int32_t> shift_;
  Array<const int16_t> multiplier_;
  std::vector<Array<const int32_t>> bias_;  // one or none
};

inline void pack_layers(PackedModel& packed, PyObject* tables) {
  Model& m = packed.model;
  const int wide = 2 * m.channels, both = m.channels + m.skip;
  const auto dilations = array_entry<const int32_t>(tables, "dilations", {m.layers});
  const LinearTables dilated(tables, "dilated", m.layers, wide, wide, true, false);
  const LinearTables out(tables, "out", m.layers, both, m.channels, true, true);
  m.layer = packed.arena.take<Layer>(m.layers);
  size_t queue = 0;
  for (int l = 0; l < m.layers; ++l) {
    const int dilation = *dilations.at(l);
    m.layer[l] = {dilation, queue, dilated.matrix(packed, l, 0, m.channels, false),
                  dilated.matrix(packed, l, m.channels, m.channels, false), out.matrix(packed, l, 0, m.channels, true)};
    queue += size_t(dilation) * m.channels;
  }
}

inline void pack_constants(PackedModel& packed, PyObject* tables) {
  Arena& arena = packed.arena;
  Constants& c = packed.model.constants;
  const int exps = 1 << kLogitBits, compressed = 2 * kCompressLimit;
  c.tanh = copy(arena, array_entry<const int16_t>(tables, "tanh", {4, 16}), 64);
  c.tanh_of = copy(arena, array_entry<const int16_t>(tables, "tanh_of", {1 << 16}), 1 << 16);
  c.exp2 = copy(arena, array_entry<const int32_t>(tables, "exp2", {exps}), exps);
  c.width = copy(arena, array_entry<const int16_t>(tables, "width", {kClasses}), kClasses);
  c.compress = copy(arena, array_entry<const uint8_t>(tables, "compress", {compressed}), compressed);
  c.expand = copy(arena, array_entry<const int32_t>(tables, "expand", {kClasses}), kClasses);
}

inline std::unique_ptr<PackedModel> pack_model(const Engine* engine, int channels, int skip, int layers,
                                               PyObject* tables) {
  std::unique_ptr<PackedModel> packed(new PackedModel{engine, Arena(model_bytes(channels, skip, layers)), {}});
  Model& m = packed->model;
  m.channels = channels;
  m.skip = skip;
  m.layers = layers;
  pack_layers(*packed, tables);
  m.head1 = LinearTables(tables, "head1", 1, skip, skip, false, true).matrix(*packed, 0, 0, skip, true);
  m.head2 = LinearTables(tables, "head2", 1, kClasses, skip, false, true).matrix(*packed, 0, 0, skip, true);
  const int rows = kInputs * kRows;
  m.embed = copy(packed->arena, array_entry<const int16_t>(tables, "embed", {rows, channels}), size_t(rows) * channels);
  pack_constants(*packed, tables);
  return packed;
}

}  // namespace
