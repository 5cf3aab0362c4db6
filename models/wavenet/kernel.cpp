// Sampling a WaveNet, one sample at a time, on one core: the Python module.
//
// Integers decide every sample, so all instruction sets (and numba_kernel.py) draw the same. tables.py, frames.py
// and sampler.py check all arguments and document the arrays; only these and teacher_forcing.py call this module.

#if (defined(__GNUC__) || defined(__clang__)) && (defined(__x86_64__) || defined(__i386__))
#define SOTTO_X86 1
#include <immintrin.h>
#endif

#include <chrono>

#include "../../native/python_buffer.h"
#include "model.h"
#include "reference.h"

#if defined(__clang__)
#define UNROLL _Pragma("unroll")
#define UNROLL_4 _Pragma("unroll 4")
#define SHORT_GATHERS
#elif defined(__GNUC__)
#define UNROLL _Pragma("GCC unroll 16")
#define UNROLL_4 _Pragma("GCC unroll 4")
#define SHORT_GATHERS ",prefer-vector-width=256"  // in plain loops (the draw's look-ups), where long ones are slow
#else
#define UNROLL
#define UNROLL_4
#endif

namespace {

namespace portable {
#define TARGET
#include "lanes_portable.h"
#include "engine.h"
#include "stream.h"
#undef TARGET
}  // namespace portable

#ifdef SOTTO_X86
namespace avx2 {
#define TARGET __attribute__((target("avx2")))
#include "lanes_avx2.h"
#include "engine.h"
#include "stream.h"
#undef TARGET
}  // namespace avx2

namespace vnni {
#define TARGET __attribute__((target("avx2,avx512f,avx512bw,avx512vl,avx512vnni" SHORT_GATHERS)))
#include "lanes_vnni.h"
#include "engine.h"
#include "stream.h"
#undef TARGET
}  // namespace vnni
#endif

struct Isa {
  const char* name;
  void (*pack)(const int8_t*, int, int, int, int8_t*);
  void (*run)(const Model&, void* const*, const Frames*, int, int64_t, int32_t* const*, int16_t* const*);
  void (*score)(const Model&, void*, const int16_t*, int64_t, const int16_t*, int16_t*);
  int32_t (*stream)(const int8_t*, size_t, bool);
};

#define ISA(name, space) {name, space::pack_weights, space::run, space::score, space::stream}
const Isa kIsas[] = {
#ifdef SOTTO_X86
    ISA("avx512vnni", vnni),
    ISA("avx2", avx2),
#endif
    ISA("portable", portable),
};

bool runs_here(const Isa& isa) {
#ifdef SOTTO_X86
  __builtin_cpu_init();
  if (!std::strcmp(isa.name, "avx512vnni"))
    return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl");
  if (!std::strcmp(isa.name, "avx2")) return __builtin_cpu_supports("avx2");
#endif
  return true;
}

const Isa* find_isa(const char* name) {
  for (const Isa& isa : kIsas)
    if (!std::strcmp(isa.name, name) && runs_here(isa)) return &isa;
  PyErr_Format(PyExc_ValueError, "kernel %s does not run here", name);
  return nullptr;
}

// A packed model owns all that it points to.
struct Packed {
  const Isa* isa;
  Arena arena;
  Model model;
};

constexpr const char* kCapsule = "sottovoce.models.wavenet._kernel.model";

void free_packed(PyObject* capsule) { delete static_cast<Packed*>(PyCapsule_GetPointer(capsule, kCapsule)); }

Packed* packed_of(PyObject* capsule) { return static_cast<Packed*>(PyCapsule_GetPointer(capsule, kCapsule)); }

template <class T>
const T* copy(Arena& arena, const T* from, size_t n) {
  T* to = arena.take<T>(n);
  std::memcpy(to, from, n * sizeof(T));
  return to;
}

size_t matrix_bytes(int rows, int inputs) {
  return Arena::padded(size_t(rows) * inputs) + 2 * Arena::padded(rows * sizeof(int32_t)) +
         Arena::padded(rows * sizeof(int16_t));
}

// weights with `stride` numbers a row; bias may be null.
Matrix make_matrix(Packed& p, const int8_t* weights, int stride, int rows, int inputs, const int32_t* bias,
                   const int32_t* shift, const int16_t* multiplier) {
  int8_t* packed = p.arena.take<int8_t>(size_t(rows) * inputs);
  p.isa->pack(weights, stride, rows, inputs, packed);
  int32_t* start = p.arena.take<int32_t>(rows);
  for (int r = 0; r < rows; ++r) start[r] = (bias ? bias[r] : 0) + (1 << (shift[r] - 1));
  return {rows, inputs, packed, start, copy(p.arena, shift, rows), copy(p.arena, multiplier, rows)};
}

// pack(kernel, channels, skip, layers, arrays) -> model; arrays in the order of tables.py's PACKED, then tanh of
// every int16
PyObject* pack(PyObject*, PyObject* args) {
  const char* name;
  int channels, skip, layers;
  PyObject* sequence;
  if (!PyArg_ParseTuple(args, "siiiO", &name, &channels, &skip, &layers, &sequence)) return nullptr;
  const Isa* isa = find_isa(name);
  if (!isa) return nullptr;
  const Buffers in(sequence, PyBUF_ND);
  if (!in.has(23)) return nullptr;
  const int wide = 2 * channels, both = channels + skip;
  const size_t embedded = size_t{kInputs} * kRows * channels;
  const size_t bytes = Arena::padded(layers * sizeof(Layer)) +
                       layers * (2 * matrix_bytes(wide, channels) + matrix_bytes(both, channels)) +
                       matrix_bytes(skip, skip) + matrix_bytes(kClasses, skip) +
                       Arena::padded(embedded * sizeof(int16_t)) + sizeof(int16_t) * (64 + kClasses + (1 << 16)) +
                       sizeof(int32_t) * ((1 << kLogitBits) + kClasses) + 2 * kCompressLimit;
  Packed* p = new (std::nothrow) Packed{isa, Arena(bytes), {}};
  if (!p) return PyErr_NoMemory();
  Model& m = p->model;
  m.channels = channels;
  m.skip = skip;
  m.layers = layers;
  m.layer = p->arena.take<Layer>(layers);
  size_t queue = 0;
  for (int l = 0; l < layers; ++l) {
    Layer& layer = m.layer[l];
    layer.dilation = in.at<int32_t>(0)[l];
    layer.queue = queue;
    queue += size_t(layer.dilation) * channels;
    const int8_t* dilated = in.at<int8_t>(2) + size_t(l) * wide * wide;
    const int32_t* shift = in.at<int32_t>(3) + l * wide;
    const int16_t* multiplier = in.at<int16_t>(4) + l * wide;
    layer.past = make_matrix(*p, dilated, wide, wide, channels, nullptr, shift, multiplier);
    layer.now = make_matrix(*p, dilated + channels, wide, wide, channels, nullptr, shift, multiplier);
    layer.out = make_matrix(*p, in.at<int8_t>(5) + size_t(l) * both * channels, channels, both, channels,
                            in.at<int32_t>(6) + l * both, in.at<int32_t>(7) + l * both, in.at<int16_t>(8) + l * both);
  }
  m.head1 = make_matrix(*p, in.at<int8_t>(9), skip, skip, skip, in.at<int32_t>(10), in.at<int32_t>(11),
                        in.at<int16_t>(12));
  m.head2 = make_matrix(*p, in.at<int8_t>(13), skip, kClasses, skip, in.at<int32_t>(14), in.at<int32_t>(15),
                        in.at<int16_t>(16));
  m.embed = copy(p->arena, in.at<int16_t>(1), embedded);
  m.constants = {copy(p->arena, in.at<int16_t>(17), 64),        copy(p->arena, in.at<int16_t>(22), 1 << 16),
                 copy(p->arena, in.at<int32_t>(18), 1 << kLogitBits), copy(p->arena, in.at<int16_t>(19), kClasses),
                 copy(p->arena, in.at<uint8_t>(20), 2 * kCompressLimit), copy(p->arena, in.at<int32_t>(21), kClasses)};
  return PyCapsule_New(p, kCapsule, free_packed);
}

// run(model, states, per-stream arrays: 7 of frames and the output each, traces or (), frames)
PyObject* run(PyObject*, PyObject* args) {
  PyObject *capsule, *states, *inputs, *outputs, *traces;
  Py_ssize_t n;
  if (!PyArg_ParseTuple(args, "OOOOOn", &capsule, &states, &inputs, &outputs, &traces, &n)) return nullptr;
  const Packed* p = packed_of(capsule);
  if (!p) return nullptr;
  const Buffers state(states, PyBUF_WRITABLE), in(inputs, PyBUF_ND), out(outputs, PyBUF_WRITABLE);
  const Buffers trace(traces, PyBUF_WRITABLE);
  const size_t streams = state.size();
  if (streams < 1 || streams > kStreams || !in.has(7 * streams) || !out.has(streams) ||
      !trace.has(trace.size() ? streams : 0)) {
    if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "number of streams");
    return nullptr;
  }
  void* memory[kStreams];
  Frames frames[kStreams];
  int32_t* samples[kStreams];
  int16_t* traced[kStreams];
  for (size_t k = 0; k < streams; ++k) {
    const size_t i = 7 * k;
    memory[k] = state.at<void>(k);
    frames[k] = {in.at<int16_t>(i),     in.at<int32_t>(i + 1), in.at<int32_t>(i + 2), in.at<uint8_t>(i + 3),
                 in.at<int32_t>(i + 4), in.at<int32_t>(i + 5), in.at<int16_t>(i + 6)};
    samples[k] = out.at<int32_t>(k);
    traced[k] = trace.size() ? trace.at<int16_t>(k) : nullptr;
  }
  {
    const WithoutLock unlocked;
    p->isa->run(p->model, memory, frames, int(streams), n, samples, trace.size() ? traced : nullptr);
  }
  Py_RETURN_NONE;
}

// score(model, state, cond, indices, logits, frames)
PyObject* score(PyObject*, PyObject* args) {
  PyObject* capsule;
  Py_buffer state, cond, index, out;
  Py_ssize_t n;
  if (!PyArg_ParseTuple(args, "Ow*y*y*w*n", &capsule, &state, &cond, &index, &out, &n)) return nullptr;
  const Packed* p = packed_of(capsule);
  if (p) {
    {
    const WithoutLock unlocked;
      p->isa->score(p->model, state.buf, static_cast<int16_t*>(cond.buf), n, static_cast<int16_t*>(index.buf),
                    static_cast<int16_t*>(out.buf));
    
  }
  }
  for (Py_buffer* b : {&state, &cond, &index, &out}) PyBuffer_Release(b);
  if (!p) return nullptr;
  Py_RETURN_NONE;
}

// float_score(channels, skip, layers, arrays in the order of teacher_forcing.py's FLOAT, cond, indices, logits, frames)
PyObject* float_score(PyObject*, PyObject* args) {
  int channels, skip, layers;
  PyObject* sequence;
  Py_buffer cond, index, out;
  Py_ssize_t n;
  if (!PyArg_ParseTuple(args, "iiiOy*y*w*n", &channels, &skip, &layers, &sequence, &cond, &index, &out, &n))
    return nullptr;
  const Buffers in(sequence, PyBUF_ND);
  const bool good = in.has(9);
  if (good) {
    const FloatModel m = {channels,        skip,            layers,          in.at<int32_t>(0),
                          in.at<float>(1), in.at<float>(2), in.at<float>(3), in.at<float>(4),
                          in.at<float>(5), in.at<float>(6), in.at<float>(7), in.at<float>(8)};
    float_score(m, n, static_cast<int16_t*>(index.buf), static_cast<float*>(cond.buf), static_cast<float*>(out.buf));
  }
  for (Py_buffer* b : {&cond, &index, &out}) PyBuffer_Release(b);
  if (!good) return nullptr;
  Py_RETURN_NONE;
}

// stream(kernel, bytes, passes, multiply) -> seconds a pass: the floor that benchmarks/sampler.py reports
PyObject* stream(PyObject*, PyObject* args) {
  const char* name;
  Py_ssize_t bytes;
  int passes, multiply;
  if (!PyArg_ParseTuple(args, "snip", &name, &bytes, &passes, &multiply)) return nullptr;
  const Isa* isa = find_isa(name);
  if (!isa) return nullptr;
  Arena arena(bytes);
  int8_t* weights = arena.take<int8_t>(bytes);
  for (Py_ssize_t i = 0; i < bytes; ++i) weights[i] = int8_t(i * 37 % 255 - 127);
  volatile int32_t sink = 0;
  double seconds = 0;
  {
    const WithoutLock unlocked;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < passes; ++i) sink = sink ^ isa->stream(weights, size_t(bytes), multiply);
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / passes;
  }
  return PyFloat_FromDouble(seconds);
}

// philox(counter of four, key of two) -> four words
PyObject* random_words(PyObject*, PyObject* args) {
  unsigned int c[4], k[2];
  if (!PyArg_ParseTuple(args, "(IIII)(II)", c, c + 1, c + 2, c + 3, k, k + 1)) return nullptr;
  const uint32_t counter[4] = {c[0], c[1], c[2], c[3]}, key[2] = {k[0], k[1]};
  uint32_t out[4];
  philox(counter, key, out);
  return Py_BuildValue("IIII", out[0], out[1], out[2], out[3]);
}

PyObject* allocations(PyObject*, PyObject*) { return PyLong_FromLong(Arena::count); }

PyObject* kernels(PyObject*, PyObject*) {
  PyObject* names = PyList_New(0);
  for (const Isa& isa : kIsas) {
    if (!names || !runs_here(isa)) continue;
    PyObject* name = PyUnicode_FromString(isa.name);
    if (!name || PyList_Append(names, name)) Py_CLEAR(names);
    Py_XDECREF(name);
  }
  return names;
}

PyMethodDef kMethods[] = {{"kernels", kernels, METH_NOARGS, "Instruction sets that run here, best first."},
                          {"pack", guarded<pack>, METH_VARARGS, "A network's tables in the order in which a kernel reads them."},
                          {"run", guarded<run>, METH_VARARGS, "Advance streams by whole frames."},
                          {"score", guarded<score>, METH_VARARGS, "Logits of given inputs."},
                          {"float_score", guarded<float_score>, METH_VARARGS, "Logits of given inputs in float32."},
                          {"stream", guarded<stream>, METH_VARARGS, "Seconds of one pass over so many weight bytes."},
                          {"philox", random_words, METH_VARARGS, "One block of random numbers."},
                          {"allocations", allocations, METH_NOARGS, "Blocks of memory taken so far."},
                          {nullptr, nullptr, 0, nullptr}};

PyModuleDef kModule = {PyModuleDef_HEAD_INIT, "_kernel", "Integer sampling of a WaveNet.", -1, kMethods,
                       nullptr,               nullptr,   nullptr,                          nullptr};

}  // namespace

PyMODINIT_FUNC PyInit__kernel() { return PyModule_Create(&kModule); }
