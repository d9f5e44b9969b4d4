// A value or the reason why there is none.

#ifndef IDT_BASE_RESULT_H
#define IDT_BASE_RESULT_H

#include <utility>
#include <variant>

#include "idt_base/error.h"

namespace id_token {

template <class T, class E = Error>
class [[nodiscard]] Result {
  public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(E error) : state_(std::in_place_index<1>, error) {}

    explicit operator bool() const noexcept { return state_.index() == 0; }

    // Only after the test above; *std::get_if keeps it free of exceptions.
    T &operator*() noexcept { return *std::get_if<0>(&state_); }
    const T &operator*() const noexcept { return *std::get_if<0>(&state_); }
    T *operator->() noexcept { return std::get_if<0>(&state_); }
    const T *operator->() const noexcept { return std::get_if<0>(&state_); }

    E error() const noexcept { return *std::get_if<1>(&state_); }

  private:
    std::variant<T, E> state_;
};

}  // namespace id_token

#endif
