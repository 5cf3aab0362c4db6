// What both extension modules need of Python: its arrays, its lock, and its exceptions.

#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <initializer_list>
#include <new>
#include <vector>

namespace {

struct Raised {};  // an exception of Python's

// A C-contiguous array, held while in scope; -1 stands for any size.
template <class T>
class Array {
 public:
  Array(PyObject* from, std::initializer_list<Py_ssize_t> shape, int flags = PyBUF_ND) {
    if (PyObject_GetBuffer(from, &view_, flags)) throw Raised{};
    bool fits = view_.itemsize == sizeof(T) && view_.ndim == int(shape.size());
    for (int i = 0; fits && i < view_.ndim; ++i) fits = shape.begin()[i] < 0 || shape.begin()[i] == view_.shape[i];
    if (fits) return;
    PyBuffer_Release(&view_);
    PyErr_SetString(PyExc_ValueError, "arrays that don't belong together");
    throw Raised{};
  }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;
  ~Array() { PyBuffer_Release(&view_); }
  Py_ssize_t size(int axis = 0) const { return view_.shape[axis]; }
  T* at(Py_ssize_t i) const { return static_cast<T*>(view_.buf) + i; }

 private:
  Py_buffer view_;
};

constexpr int kWritable = PyBUF_ND | PyBUF_WRITABLE;

// The buffers of a sequence of C-contiguous arrays, held while in scope.
class Buffers {
 public:
  Buffers(PyObject* sequence, int flags) : fast_(PySequence_Fast(sequence, "a sequence of arrays")) {
    if (!fast_) return;
    const Py_ssize_t n = PySequence_Fast_GET_SIZE(fast_);
    views_.resize(n);
    for (; held_ < n; ++held_)
      if (PyObject_GetBuffer(PySequence_Fast_GET_ITEM(fast_, held_), &views_[held_], flags)) return;
    whole_ = true;
  }
  Buffers(const Buffers&) = delete;
  Buffers& operator=(const Buffers&) = delete;
  ~Buffers() {
    for (Py_ssize_t i = 0; i < held_; ++i) PyBuffer_Release(&views_[i]);
    Py_XDECREF(fast_);
  }
  explicit operator bool() const { return whole_; }
  bool has(size_t n) const {
    if (whole_ && views_.size() != n) PyErr_Format(PyExc_ValueError, "%zu arrays expected", n);
    return whole_ && views_.size() == n;
  }
  size_t size() const { return views_.size(); }
  template <class T>
  T* at(size_t i) const { return static_cast<T*>(views_[i].buf); }

 private:
  PyObject* fast_;
  std::vector<Py_buffer> views_;
  Py_ssize_t held_ = 0;
  bool whole_ = false;
};

// Releases the interpreter's lock while it lives, however that ends.
class WithoutLock {
 public:
  WithoutLock() = default;
  WithoutLock(const WithoutLock&) = delete;
  WithoutLock& operator=(const WithoutLock&) = delete;
  ~WithoutLock() { PyEval_RestoreThread(state_); }

 private:
  PyThreadState* state_ = PyEval_SaveThread();
};

// A function of the module; no C++ exception may cross Python's interface.
template <PyObject* (*Function)(PyObject*, PyObject*)>
PyObject* guarded(PyObject* self, PyObject* args) {
  try {
    return Function(self, args);
  } catch (const Raised&) {
    return nullptr;
  } catch (const std::bad_alloc&) {
    return PyErr_NoMemory();
  }
}

}  // namespace
