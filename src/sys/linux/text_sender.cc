#include "sys/linux/text_sender.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace hansa {

void TextSender::send(std::string text, Action ended) {
    text_ = std::move(text);
    sent_ = 0;
    ended_ = std::move(ended);
    go();
}

void TextSender::go() {
    while (sent_ < text_.size()) {
        const ssize_t length = ::send(socket_, text_.data() + sent_, text_.size() - sent_,
                                      MSG_DONTWAIT | MSG_NOSIGNAL);
        if (length < 0 && errno == EINTR) continue;
        if (length < 0 && errno == EAGAIN) {
            if (!watch_) watch_ = loop_.watch_writable(socket_, [this] { go(); });
            return;
        }
        if (length < 0) break;
        sent_ += static_cast<std::size_t>(length);
    }
    ended_();
}

}  // namespace hansa
