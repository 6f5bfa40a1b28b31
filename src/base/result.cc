#include "base/result.h"

namespace hansa {

std::string_view name_of(Code code) {
    switch (code) {
        case Code::invalid: return "invalid";
        case Code::missing: return "missing";
        case Code::denied: return "denied";
        case Code::conflict: return "conflict";
        case Code::unavailable: return "unavailable";
        case Code::cancelled: return "cancelled";
        case Code::internal: return "internal";
    }
    return "internal";
}

Error Error::during(std::string_view what) && {
    text.insert(0, ": ");
    text.insert(0, what);
    return std::move(*this);
}

Error Error::during(std::string_view what) const& {
    return Error{*this}.during(what);
}

}  // namespace hansa
