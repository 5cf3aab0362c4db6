// Instruction sets: which the compiler can generate, and which this processor runs.
#pragma once

#if defined(__x86_64__) || defined(__i386__) || defined(_M_X64)
#define SOTTO_X86 1
#include <immintrin.h>
#elif defined(__aarch64__) || defined(_M_ARM64)
#define SOTTO_NEON 1
#include <arm_neon.h>
#endif

// GCC and Clang compile intrinsics only inside functions that name their instruction set; MSVC compiles them anywhere.
#if defined(__clang__)
#define SOTTO_TARGET(features) __attribute__((target(features)))
#define SHORT_GATHERS
#define UNROLL _Pragma("unroll")
#define UNROLL_4 _Pragma("unroll 4")
#elif defined(__GNUC__)
#define SOTTO_TARGET(features) __attribute__((target(features)))
#define SHORT_GATHERS ",prefer-vector-width=256"  // in plain loops (table look-ups in draw), where long ones are slow
#define UNROLL _Pragma("GCC unroll 16")
#define UNROLL_4 _Pragma("GCC unroll 4")
#else
#define SOTTO_TARGET(features)
#define SHORT_GATHERS
#define UNROLL
#define UNROLL_4
#endif

#ifdef SOTTO_X86
#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>

// Whether the operating system saves all registers of `state` (bits of XCR0) when it switches threads.
inline bool saves_registers(unsigned long long state) {
  int leaf1[4];
  __cpuidex(leaf1, 1, 0);
  return (leaf1[2] >> 27 & 1) && (_xgetbv(0) & state) == state;
}

inline bool cpu_has_avx2() {
  int leaf7[4];
  __cpuidex(leaf7, 7, 0);
  return saves_registers(0x06) && (leaf7[1] >> 5 & 1);
}

inline bool cpu_has_avx512vnni() {
  int leaf7[4];
  __cpuidex(leaf7, 7, 0);
  const bool foundation = leaf7[1] >> 16 & 1, bw = leaf7[1] >> 30 & 1, vl = leaf7[1] >> 31 & 1;
  return saves_registers(0xE6) && cpu_has_avx2() && foundation && bw && vl && (leaf7[2] >> 11 & 1);
}
#else
inline bool cpu_has_avx2() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2");
}

inline bool cpu_has_avx512vnni() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl");
}
#endif
#endif
