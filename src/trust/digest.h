// SHA-256 of what comes in pieces.
//
// A value of its maker; any thread. Invariant: the same bytes give the same digest, however they
// are cut.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace hansa {

class Sha256 {
 public:
    static constexpr std::size_t bytes = 32;

    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;

    void add(std::string_view piece);

    // Of everything so far, in `bytes` bytes. Nothing may be added afterwards.
    std::string finish();

 private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace hansa
