// What the contract suites need from the side under test: a loop to drive. And how they tell
// results.
//
// A suite is a header with TEST_P cases; the test program of each side includes it once and
// instantiates it with a function that makes its bench:
//
//   INSTANTIATE_TEST_SUITE_P(Linux, FilesContract, testing::Values(&make_files_bench));
//
// Only tests include these headers.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "sys/loop.h"

namespace hansa::contract {

template <class T>
std::string code_name(const Result<T>& result) {
    return result ? "ok" : std::string(name_of(result.error().code));
}

class LoopBench {
 public:
    virtual ~LoopBench() = default;
    virtual Loop& loop() = 0;

    // Runs the loop until `holds()`; false when it did not come true within a generous deadline
    // (real), or when nothing is left that could make it true (simulated).
    virtual bool run_until(const std::function<bool()>& holds) = 0;

    // Runs the loop for a while, long enough that an event which must not come would have come.
    // Real: some 50 ms.
    virtual void run_for_a_while() = 0;
};

}  // namespace hansa::contract
