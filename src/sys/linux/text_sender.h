// Sends one text over a stream socket that does not block, as fast as the other end takes it.
#pragma once

#include <string>

#include "sys/linux/loop.h"

namespace hansa {

// Owned by whoever owns the socket, which outlives it. Loop thread only.
class TextSender {
 public:
    TextSender(int socket, LinuxLoop& loop) : socket_(socket), loop_(loop) {}

    // `ended` is called once, when all is sent or the other end is gone, perhaps at once. One text
    // at a time.
    void send(std::string text, Action ended);

 private:
    void go();

    const int socket_;
    LinuxLoop& loop_;
    std::string text_;
    std::size_t sent_ = 0;
    Action ended_;
    Held watch_;
};

}  // namespace hansa
