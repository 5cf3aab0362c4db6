// What numba_kernel.py does, without waiting for a compiler: codes to bytes and back, and the Python module.
//
// Only coder.py calls it, which documents the arrays.

#include "context.h"

namespace {

constexpr int kStateBits = 56, kRest = kStateBits - 8;
constexpr int64_t kHeldWidths[] = {1024, 61440}, kWhole = int64_t{1} << kStateBits, kSmall = kWhole >> 8;

// Both of the two below take one of `size` symbols; symbol s has the interval from place(s) to place(s + 1).

struct Writer {
  using Code = const int16_t;
  using Flag = const uint8_t;
  uint8_t* out;
  int32_t* widths;  // of intervals; null where nobody asks
  int64_t low = 0, width = kWhole;

  template <class T, class Place>
  int64_t take(T& symbol, int64_t, Place place) {
    const int64_t begin = place(symbol), end = place(symbol + 1), unit = width >> kTotalBits;
    if (widths) *widths++ = int32_t(end - begin);
    low += unit * begin;
    width = end < kTotal ? unit * (end - begin) : width - unit * begin;
    carry();
    for (; width < kSmall; width <<= 8) {
      *out++ = uint8_t(low >> kRest);
      low = (low & (kSmall - 1)) << 8;
    }
    return symbol;
  }
  static void repeat(Code*, const std::vector<int16_t>&) {}
  void carry() {
    if (low < kWhole) return;
    low -= kWhole;
    uint8_t* to = out;
    while (++*--to == 0) continue;
  }
  // Return the end of what was written.
  uint8_t* finish() {
    if (low + width > kWhole) {
      low = kWhole;
      carry();
    } else {
      *out++ = uint8_t((low + kSmall - 1) >> kRest);
    }
    return out;
  }
};

struct Reader {
  using Code = int16_t;
  using Flag = uint8_t;
  const uint8_t *data, *end;
  int64_t value = 0, width = kWhole;

  Reader(const uint8_t* begin, Py_ssize_t size) : data(begin), end(begin + size) {
    for (int i = 0; i < kStateBits; i += 8) next();
  }
  void next() { value = value << 8 | (data < end ? *data++ : 0); }
  template <class T, class Place>
  int64_t take(T& symbol, int64_t size, Place place) {
    const int64_t unit = width >> kTotalBits, target = std::min(value / unit, kTotal - 1);
    int64_t found = 0;
    for (int64_t above = size; above - found > 1;) {
      const int64_t middle = (found + above) >> 1;
      (place(middle) <= target ? found : above) = middle;
    }
    const int64_t low = place(found), high = place(found + 1);
    value -= unit * low;
    width = high < kTotal ? unit * (high - low) : width - unit * low;
    for (; width < kSmall; width <<= 8) next();
    symbol = T(found);
    return found;
  }
  static void repeat(Code* codes, const std::vector<int16_t>& now) { std::copy(now.begin(), now.end(), codes); }
};

// Steps of codes [steps, books]; `held` is null where there are no flags.
template <class Coder>
void run(Coder& coder, Context& context, typename Coder::Code* codes, Py_ssize_t steps, typename Coder::Flag* held) {
  std::vector<int16_t> now(context.books());
  int64_t repeats = 0;
  for (Py_ssize_t step = 0; step < steps; ++step, codes += now.size()) {
    if (held) {
      const int64_t edge = kTotal - kHeldWidths[repeats];
      repeats = coder.take(held[step], 2, [&](int64_t flag) { return flag == 0 ? 0 : flag == 1 ? edge : kTotal; });
    }
    if (repeats) {
      coder.repeat(codes, now);
    } else {
      context.begin();
      for (size_t k = 0; k < now.size(); ++k) {
        const int64_t size = context.look(k);
        now[k] = int16_t(coder.take(codes[k], size, [&](int64_t entry) { return context.place(entry); }));
        context.choose(k, now[k]);
      }
    }
    context.remember(now.data());
  }
}

// encode(codes, held, out, widths or an empty array, net, memory, age) -> bytes written
PyObject* encode(PyObject*, PyObject* args) {
  PyObject *from, *flags, *to, *beside, *net, *memory, *age;
  if (!PyArg_ParseTuple(args, "OOOOOOO", &from, &flags, &to, &beside, &net, &memory, &age)) return nullptr;
  Context context(net, memory, age);
  const Array<const int16_t> codes(from, {-1, context.books()});
  const Array<const uint8_t> held(flags, {-1});
  const Array<uint8_t> out(to, {-1}, kWritable);
  const Array<int32_t> widths(beside, {-1, -1}, kWritable);
  const Py_ssize_t steps = codes.size(), symbols = steps * context.books() + held.size();
  if ((held.size() && held.size() != steps) || out.size() < symbols * kTotalBits / 8 + 1 ||
      (widths.size() && widths.size() * widths.size(1) != symbols))
    return PyErr_Format(PyExc_ValueError, "other arrays than %zd steps need", steps);
  Writer writer{out.at(0), widths.size() ? widths.at(0) : nullptr};
  {
    const WithoutLock unlocked;
    run(writer, context, codes.at(0), steps, held.size() ? held.at(0) : nullptr);
  }
  return PyLong_FromSsize_t(writer.finish() - out.at(0));
}

// decode(data, codes, held, net, memory, age)
PyObject* decode(PyObject*, PyObject* args) {
  PyObject *from, *to, *flags, *net, *memory, *age;
  if (!PyArg_ParseTuple(args, "OOOOOO", &from, &to, &flags, &net, &memory, &age)) return nullptr;
  Context context(net, memory, age);
  const Array<const uint8_t> data(from, {-1});
  const Array<int16_t> codes(to, {-1, context.books()}, kWritable);
  const Array<uint8_t> held(flags, {-1}, kWritable);
  const Py_ssize_t steps = codes.size();
  if (held.size() && held.size() != steps)
    return PyErr_Format(PyExc_ValueError, "other arrays than %zd steps need", steps);
  Reader reader(data.at(0), data.size());
  {
    const WithoutLock unlocked;
    run(reader, context, codes.at(0), steps, held.size() ? held.at(0) : nullptr);
  }
  Py_RETURN_NONE;
}

PyMethodDef kMethods[] = {{"encode", guarded<encode>, METH_VARARGS, "Codes to bytes."},
                          {"decode", guarded<decode>, METH_VARARGS, "Bytes to codes."},
                          {nullptr, nullptr, 0, nullptr}};

PyModuleDef kModule = {
    PyModuleDef_HEAD_INIT, "_native", "The context model's kernel.", -1, kMethods, nullptr, nullptr, nullptr, nullptr};

}  // namespace

PyMODINIT_FUNC PyInit__native() { return PyModule_Create(&kModule); }
