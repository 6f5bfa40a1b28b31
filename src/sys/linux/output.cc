#include "sys/linux/output.h"

namespace hansa {

void Tail::append(std::string_view bytes) {
    if (bytes.size() > output_limit) bytes.remove_prefix(bytes.size() - output_limit);
    bytes_.append(bytes);
    if (bytes_.size() > 2 * output_limit) bytes_.erase(0, bytes_.size() - output_limit);
}

std::string Tail::take() {
    if (bytes_.size() > output_limit) bytes_.erase(0, bytes_.size() - output_limit);
    return std::exchange(bytes_, {});
}

}  // namespace hansa
