// Waits until something changes in the store, or for so long: so that whoever looks again and again
// need not.
//
// Owned by whoever waits. Loop thread only.
#pragma once

#include <string>
#include <vector>

#include "mesh/store.h"
#include "sys/loop.h"

namespace hansa {

class ChangeWait {
 public:
    enum class Ended { by_change, by_time };

    // Of what happens below the prefixes after the revision `seen`. `ended` is called once, later,
    // unless this is destroyed before; it may destroy this.
    ChangeWait(Loop& loop, Store& store, const std::vector<std::string>& prefixes, Revision seen,
               Duration limit, std::function<void(Ended)> ended);

 private:
    void end(Ended how);

    Loop& loop_;
    std::function<void(Ended)> ended_;
    std::vector<Held> watches_;
    Held timer_;
};

}  // namespace hansa
