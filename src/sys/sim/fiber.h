// Blocking code that can be left in its middle and entered again, on one thread.
//
// Simulated work sleeps in simulated time: its fiber pauses, the loop goes on, a timer resumes it.
// So what happens to the machine meanwhile happens between two lines of that work, as on a real
// machine, and still in an order that a seed decides. Known to ASan and TSan.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace hansa {

// Stacks that wait to be used again. Must outlive the fibers made with it.
class FiberStacks {
 public:
    static constexpr std::size_t bytes = std::size_t{512} << 10;  // touched pages cost only

    std::unique_ptr<std::byte[]> take();
    void give_back(std::unique_ptr<std::byte[]> stack);

 private:
    std::vector<std::unique_ptr<std::byte[]>> free_;
};

class Fiber {
 public:
    Fiber(FiberStacks& stacks, std::function<void()> body);
    ~Fiber();  // REQUIRES: never resumed, or finished

    // From outside: runs the body until it pauses or ends. REQUIRES: not finished.
    void resume();

    // From inside: goes back to whoever resumed.
    void pause();

    bool finished() const;

 private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace hansa
