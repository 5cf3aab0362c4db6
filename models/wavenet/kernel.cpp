// Sampling a WaveNet, one sample at a time, on one core: the Python module.
//
// Integers decide every sample, so all instruction sets (and numba_kernel.py) give the same. tables.py, frames.py and
// sampler.py check the values of all arguments and document the arrays; only these and teacher_forcing.py call this
// module, which checks names, shapes and types.

#include <chrono>
#include <string>

#include "packed_model.h"
#include "reference.h"

namespace {

const Engine& find_engine(const char* name) {
  for (const Engine& engine : kEngines)
    if (!std::strcmp(engine.name, name) && engine.runs_here()) return engine;
  PyErr_Format(PyExc_ValueError, "kernel %s does not run on this processor; choose one of kernels()", name);
  throw Raised{};
}

constexpr const char* kCapsule = "sottovoce.models.wavenet._native.model";

void free_packed(PyObject* capsule) { delete static_cast<PackedModel*>(PyCapsule_GetPointer(capsule, kCapsule)); }

const PackedModel& packed_of(PyObject* capsule) {
  void* packed = PyCapsule_GetPointer(capsule, kCapsule);
  if (!packed) throw Raised{};
  return *static_cast<PackedModel*>(packed);
}

// pack(kernel, channels, skip, layers, tables) -> model; tables: a dictionary of the arrays that tables.py describes.
PyObject* pack(PyObject*, PyObject* args) {
  const char* name;
  int channels, skip, layers;
  PyObject* tables;
  if (!PyArg_ParseTuple(args, "siiiO!", &name, &channels, &skip, &layers, &PyDict_Type, &tables)) return nullptr;
  auto packed = pack_model(&find_engine(name), channels, skip, layers, tables);
  PyObject* capsule = PyCapsule_New(packed.get(), kCapsule, free_packed);
  if (capsule) packed.release();
  return capsule;
}

// The arrays of one stream of a call.
struct StreamArrays {
  Array<uint8_t> memory;
  Array<const int16_t> lpc;
  Array<const int32_t> gain, period;
  Array<const uint8_t> voiced;
  Array<const int32_t> inverse_temperature, probability_floor;
  Array<const int16_t> cond;
  Array<int32_t> samples;

  StreamArrays(const Model& m, PyObject* state, PyObject* frames, PyObject* out, Py_ssize_t n)
      : memory(state, {-1}, kWritable, "memory"),
        lpc(array_attribute<const int16_t>(frames, "lpc", {n, kOrder})),
        gain(array_attribute<const int32_t>(frames, "gain", {n})),
        period(array_attribute<const int32_t>(frames, "period", {n})),
        voiced(array_attribute<const uint8_t>(frames, "voiced", {n})),
        inverse_temperature(array_attribute<const int32_t>(frames, "inverse_temperature", {n})),
        probability_floor(array_attribute<const int32_t>(frames, "probability_floor", {n})),
        cond(array_attribute<const int16_t>(frames, "cond", {n, Py_ssize_t{m.layers} * 2 * m.channels})),
        samples(out, {n * kFrame}, kWritable, "samples") {}

  Frames frames() const {
    return {lpc.at(0), gain.at(0), period.at(0), voiced.at(0), inverse_temperature.at(0), probability_floor.at(0),
            cond.at(0)};
  }
};

// run(model, states, frames: an object a stream, samples, traces or (), number of frames)
PyObject* run(PyObject*, PyObject* args) {
  PyObject *capsule, *states, *inputs, *outputs, *traces;
  Py_ssize_t n;
  if (!PyArg_ParseTuple(args, "OOOOOn", &capsule, &states, &inputs, &outputs, &traces, &n)) return nullptr;
  const PackedModel& p = packed_of(capsule);
  const Sequence state(states), in(inputs), out(outputs), trace(traces);
  const size_t streams = state.size();
  if (streams < 1 || streams > kStreams || in.size() != streams || out.size() != streams ||
      (trace.size() && trace.size() != streams))
    return PyErr_Format(PyExc_ValueError, "one to %d streams, and as many frames and outputs, are expected", kStreams);
  std::vector<StreamArrays> arrays;
  std::vector<Array<int16_t>> trace_arrays;
  arrays.reserve(streams);
  trace_arrays.reserve(streams);
  void* memory[kStreams];
  Frames frames[kStreams];
  int32_t* samples[kStreams];
  int16_t* traced[kStreams];
  for (size_t k = 0; k < streams; ++k) {
    const StreamArrays& a = arrays.emplace_back(p.model, state[k], in[k], out[k], n);
    memory[k] = a.memory.at(0);
    frames[k] = a.frames();
    samples[k] = a.samples.at(0);
    if (trace.size()) {
      const std::initializer_list<Py_ssize_t> shape = {n * kFrame, kInputs + 1};
      traced[k] = trace_arrays.emplace_back(trace[k], shape, kWritable, "trace").at(0);
    }
  }
  {
    const WithoutLock unlocked;
    p.engine->run(p.model, memory, frames, int(streams), n, samples, trace.size() ? traced : nullptr);
  }
  Py_RETURN_NONE;
}

// score(model, state, cond, indices, logits, frames)
PyObject* score(PyObject*, PyObject* args) {
  PyObject *capsule, *state, *conditioning, *indices, *logits;
  Py_ssize_t n;
  if (!PyArg_ParseTuple(args, "OOOOOn", &capsule, &state, &conditioning, &indices, &logits, &n)) return nullptr;
  const PackedModel& p = packed_of(capsule);
  const Array<uint8_t> memory(state, {-1}, kWritable, "memory");
  const Array<const int16_t> cond(conditioning, {n, Py_ssize_t{p.model.layers} * 2 * p.model.channels}, kReadOnly,
                                  "cond");
  const Array<const int16_t> index(indices, {n * kFrame, kInputs}, kReadOnly, "indices");
  const Array<int16_t> out(logits, {n * kFrame, kClasses}, kWritable, "logits");
  {
    const WithoutLock unlocked;
    p.engine->score(p.model, memory.at(0), cond.at(0), n, index.at(0), out.at(0));
  }
  Py_RETURN_NONE;
}

// float_score(channels, skip, layers, tables: a dictionary as quantize.float_tables makes, cond, indices, logits,
// frames)
PyObject* float_score(PyObject*, PyObject* args) {
  int c, s, layers;
  PyObject *tables, *conditioning, *indices, *logits;
  Py_ssize_t n;
  if (!PyArg_ParseTuple(args, "iiiO!OOOn", &c, &s, &layers, &PyDict_Type, &tables, &conditioning, &indices, &logits,
                        &n))
    return nullptr;
  const auto table = [&](const char* name, std::initializer_list<Py_ssize_t> shape) {
    return array_entry<const float>(tables, name, shape);
  };
  const auto dilations = array_entry<const int32_t>(tables, "dilations", {layers});
  const auto embed = table("embed", {kInputs * kRows, c}), dilated = table("dilated", {layers, 2 * c, 2 * c});
  const auto out = table("out", {layers, c + s, c}), out_bias = table("out_bias", {layers, c + s});
  const auto head1 = table("head1", {s, s}), head1_bias = table("head1_bias", {s});
  const auto head2 = table("head2", {kClasses, s}), head2_bias = table("head2_bias", {kClasses});
  const Array<const float> cond(conditioning, {n, Py_ssize_t{layers} * 2 * c}, kReadOnly, "cond");
  const Array<const int16_t> index(indices, {n * kFrame, kInputs}, kReadOnly, "indices");
  const Array<float> result(logits, {n * kFrame, kClasses}, kWritable, "logits");
  const FloatModel m = {c,           s,
                        layers,      dilations.at(0),
                        embed.at(0), dilated.at(0),
                        out.at(0),   out_bias.at(0),
                        head1.at(0), head1_bias.at(0),
                        head2.at(0), head2_bias.at(0)};
  float_score(m, n, index.at(0), cond.at(0), result.at(0));
  Py_RETURN_NONE;
}

// stream(kernel, bytes, passes, multiply) -> seconds of a pass: the lower bound that benchmarks/sampler.py reports
PyObject* stream(PyObject*, PyObject* args) {
  const char* name;
  Py_ssize_t bytes;
  int passes, multiply;
  if (!PyArg_ParseTuple(args, "snip", &name, &bytes, &passes, &multiply)) return nullptr;
  const Engine& engine = find_engine(name);
  Arena arena(bytes);
  int8_t* weights = arena.take<int8_t>(bytes);
  for (Py_ssize_t i = 0; i < bytes; ++i) weights[i] = int8_t(i * 37 % 255 - 127);
  volatile int32_t sink = 0;
  double seconds = 0;
  {
    const WithoutLock unlocked;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < passes; ++i) sink = sink ^ engine.stream(weights, size_t(bytes), multiply);
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / passes;
  }
  return PyFloat_FromDouble(seconds);
}

// philox(counter: four words, key: two words) -> four words
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
  for (const Engine& engine : kEngines) {
    if (!names || !engine.runs_here()) continue;
    PyObject* name = PyUnicode_FromString(engine.name);
    if (!name || PyList_Append(names, name)) Py_CLEAR(names);
    Py_XDECREF(name);
  }
  return names;
}

PyMethodDef kMethods[] = {
    {"kernels", kernels, METH_NOARGS, "Engines that run on this processor, fastest first."},
    {"pack", guarded<pack>, METH_VARARGS, "A network's tables in the order in which an engine reads them."},
    {"run", guarded<run>, METH_VARARGS, "Sample whole frames of one to four streams."},
    {"score", guarded<score>, METH_VARARGS, "Logits of given inputs."},
    {"float_score", guarded<float_score>, METH_VARARGS, "Logits of given inputs in float32."},
    {"stream", guarded<stream>, METH_VARARGS, "Time in seconds of one pass over the given number of weight bytes."},
    {"philox", random_words, METH_VARARGS, "One block of random numbers."},
    {"allocations", allocations, METH_NOARGS, "Number of memory blocks allocated so far."},
    {nullptr, nullptr, 0, nullptr}};

PyModuleDef kModule = {PyModuleDef_HEAD_INIT,
                       "_native",
                       "Integer sampling of a WaveNet.",
                       -1,
                       kMethods,
                       nullptr,
                       nullptr,
                       nullptr,
                       nullptr};

}  // namespace

PyMODINIT_FUNC PyInit__native() { return PyModule_Create(&kModule); }
