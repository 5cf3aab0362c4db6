// What both extension modules need of Python: its arrays, its lock, and its exceptions.

#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <new>
#include <vector>

namespace {

struct Raised {};  // a Python exception that has been set

constexpr int kReadOnly = PyBUF_ND;
constexpr int kWritable = PyBUF_ND | PyBUF_WRITABLE;

// The buffer of a C-contiguous array, released at the end of the scope; a size of -1 in `shape` fits any size.
template <class T>
class Array {
 public:
  Array(PyObject* from, std::initializer_list<Py_ssize_t> shape, int flags = kReadOnly, const char* name = "argument") {
    if (PyObject_GetBuffer(from, &view_, flags)) throw Raised{};
    bool fits = view_.itemsize == sizeof(T) && view_.ndim == int(shape.size());
    for (int i = 0; fits && i < view_.ndim; ++i) fits = shape.begin()[i] < 0 || shape.begin()[i] == view_.shape[i];
    if (fits) return;
    PyBuffer_Release(&view_);
    PyErr_Format(PyExc_ValueError, "array %s: wrong shape or type; pass the shapes that the module documents", name);
    throw Raised{};
  }
  Array(Array&& other) noexcept : view_(other.view_) { other.view_.obj = nullptr; }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;
  ~Array() { PyBuffer_Release(&view_); }
  Py_ssize_t size(int axis = 0) const { return view_.shape[axis]; }
  T* at(Py_ssize_t i) const { return static_cast<T*>(view_.buf) + i; }

 private:
  Py_buffer view_;
};

struct Release {
  void operator()(PyObject* object) const { Py_DECREF(object); }
};
using Reference = std::unique_ptr<PyObject, Release>;

// The attribute `name` of an object, as an array. The buffer keeps the array alive.
template <class T>
Array<T> array_attribute(PyObject* object, const char* name, std::initializer_list<Py_ssize_t> shape,
                         int flags = kReadOnly) {
  const Reference found(PyObject_GetAttrString(object, name));
  if (!found) throw Raised{};
  return Array<T>(found.get(), shape, flags, name);
}

// The entry `name` of a dictionary, as an array.
template <class T>
Array<T> array_entry(PyObject* dictionary, const char* name, std::initializer_list<Py_ssize_t> shape) {
  PyObject* found = PyDict_GetItemString(dictionary, name);
  if (!found) {
    PyErr_Format(PyExc_ValueError, "array %s is missing; pass all tables of the network", name);
    throw Raised{};
  }
  return Array<T>(found, shape, kReadOnly, name);
}

// The objects of a sequence.
class Sequence {
 public:
  explicit Sequence(PyObject* from) : fast_(PySequence_Fast(from, "a sequence is expected")) {
    if (!fast_) throw Raised{};
  }
  size_t size() const { return size_t(PySequence_Fast_GET_SIZE(fast_.get())); }
  PyObject* operator[](size_t i) const { return PySequence_Fast_GET_ITEM(fast_.get(), Py_ssize_t(i)); }

 private:
  Reference fast_;
};

// Releases the interpreter's lock until the end of the scope, exceptions included.
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
