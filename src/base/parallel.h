#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>

#include "incipit/threads.h"

namespace incipit {

/// A non-owning reference to a callable; valid while the callable lives.
template <typename Signature>
class FunctionRef;
template <typename R, typename... Args>
class FunctionRef<R(Args...)> {
 public:
  template <typename F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef>)
      FunctionRef(F&& callable)  // NOLINT: implicit, so that a lambda can be passed
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(callable)))),
        call_([](void* object, Args... args) -> R {
          return (*static_cast<std::remove_reference_t<F>*>(object))(static_cast<Args>(args)...);
        }) {}

  R operator()(Args... args) const { return call_(object_, static_cast<Args>(args)...); }

 private:
  void* object_;
  R (*call_)(void*, Args...);
};

/// Calls body(begin, end) on disjoint ranges that cover [0, count), in parallel where count > grain.
void parallel_for(std::int64_t count, std::int64_t grain, FunctionRef<void(std::int64_t, std::int64_t)> body);

/// Calls body(item, thread) once for each item of [0, count); idle threads take the next item. `thread` is in
/// [0, num_threads()) and names scratch memory that no other running call uses.
void parallel_items(std::int64_t count, FunctionRef<void(std::int64_t, int)> body);

}  // namespace incipit
