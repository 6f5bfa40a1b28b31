// Lets an answer find out that the one who asked is gone: the store knows no way to take a
// question back. Loop thread only.
#pragma once

#include <memory>
#include <utility>

namespace hansa {

class Lifeline {
 public:
    Lifeline() : token_(std::make_shared<char>()) {}
    Lifeline(const Lifeline&) = delete;

    // `call`, as long as this lifeline lives; nothing afterwards.
    template <class Call>
    auto guard(Call call) const {
        return [token = std::weak_ptr<char>(token_),
                call = std::move(call)](auto&&... arguments) mutable {
            if (!token.expired()) call(std::forward<decltype(arguments)>(arguments)...);
        };
    }

 private:
    std::shared_ptr<char> token_;  // shared, so that answers under way can see it end
};

}  // namespace hansa
