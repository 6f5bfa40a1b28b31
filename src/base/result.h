// Result<T> carries a value or the Error that explains why there is none.
//
// An error's code names the caller's next move; its text names the place, the fact and the way
// out, in lower case and without a full stop. Exceptions are for bugs only and end the process.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace hansa {

enum class Code {
    invalid,      // the input is wrong: tell its author
    missing,      // the thing is not there: create it or skip it
    denied,       // rights are lacking: an operator must act
    conflict,     // somebody else owns it: stop one of the two, or choose another name
    unavailable,  // the far side is away or busy: try again later
    cancelled,    // we were asked to stop: nothing to do
    internal,     // we broke a promise: report a bug
};

// The code's name as written above: "invalid", "missing", …
std::string_view name_of(Code code);

struct Error {
    Code code = Code::internal;
    std::string text;

    // Adds what was being done, outermost first: "reading /etc/motd: permission denied".
    [[nodiscard]] Error during(std::string_view what) &&;
    [[nodiscard]] Error during(std::string_view what) const&;
};

template <class T>
class [[nodiscard]] Result {
 public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    explicit operator bool() const { return state_.index() == 0; }

    // REQUIRES: the result holds a value (aborts otherwise).
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(value()); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    // REQUIRES: the result holds an error (aborts otherwise).
    Error& error() & { return fault(); }
    const Error& error() const& { return const_cast<Result*>(this)->fault(); }
    Error&& error() && { return std::move(fault()); }

 private:
    T& value() {
        if (state_.index() != 0) std::abort();
        return *std::get_if<0>(&state_);
    }
    const T& value() const { return const_cast<Result*>(this)->value(); }
    Error& fault() {
        if (state_.index() != 1) std::abort();
        return *std::get_if<1>(&state_);
    }

    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    explicit operator bool() const { return !error_; }

    // REQUIRES: the result holds an error (aborts otherwise).
    Error& error() & { return fault(); }
    const Error& error() const& { return const_cast<Result*>(this)->fault(); }
    Error&& error() && { return std::move(fault()); }

 private:
    Error& fault() {
        if (!error_) std::abort();
        return *error_;
    }

    std::optional<Error> error_;
};

}  // namespace hansa
