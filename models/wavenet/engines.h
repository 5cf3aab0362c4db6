// The engines: engine.h compiled once for every instruction set, and a table of them.
#pragma once

#include "model.h"
#include "target.h"

namespace {

namespace portable {
#define TARGET
#include "lanes_portable.h"
#include "multiply.h"
#include "engine.h"
#include "stream.h"
#undef TARGET
}  // namespace portable

#ifdef SOTTO_X86
namespace avx2 {
#define TARGET SOTTO_TARGET("avx2")
#include "lanes_avx2.h"
#include "multiply.h"
#include "engine.h"
#include "stream.h"
#undef TARGET
}  // namespace avx2

namespace vnni {
#define TARGET SOTTO_TARGET("avx2,avx512f,avx512bw,avx512vl,avx512vnni" SHORT_GATHERS)
#include "lanes_vnni.h"
#include "multiply.h"
#include "engine.h"
#include "stream.h"
#undef TARGET
}  // namespace vnni
#endif

#ifdef SOTTO_NEON
namespace neon {
#define TARGET
#include "lanes_neon.h"
#include "multiply.h"
#include "engine.h"
#include "stream.h"
#undef TARGET
}  // namespace neon
#endif

struct Engine {
  const char* name;
  bool (*runs_here)();
  void (*pack)(const int8_t*, int, int, int, int8_t*);
  void (*run)(const Model&, void* const*, const Frames*, int, int64_t, int32_t* const*, int16_t* const*);
  void (*score)(const Model&, void*, const int16_t*, int64_t, const int16_t*, int16_t*);
  int32_t (*stream)(const int8_t*, size_t, bool);
};

inline bool runs_everywhere() { return true; }

// Fastest first.
const Engine kEngines[] = {
#ifdef SOTTO_X86
    {"avx512vnni", cpu_has_avx512vnni, vnni::pack_weights, vnni::run, vnni::score, vnni::stream},
    {"avx2", cpu_has_avx2, avx2::pack_weights, avx2::run, avx2::score, avx2::stream},
#endif
#ifdef SOTTO_NEON
    {"neon", runs_everywhere, neon::pack_weights, neon::run, neon::score, neon::stream},
#endif
    {"portable", runs_everywhere, portable::pack_weights, portable::run, portable::score, portable::stream},
};

}  // namespace
