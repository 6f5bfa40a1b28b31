#include "cli/labels.h"

#include "base/text.h"

namespace hansa {

Result<std::map<std::string, std::string>> parse_labels(const std::vector<std::string>& texts) {
    std::map<std::string, std::string> labels;
    for (const std::string& text : texts) {
        const std::size_t sign = text.find('=');
        if (sign == std::string::npos || sign == 0)
            return Error{Code::invalid,
                         "--label \"" + printable(text) + "\" is not of the form KEY=VALUE"};
        if (!labels.emplace(text.substr(0, sign), text.substr(sign + 1)).second)
            return Error{Code::invalid,
                         "--label " + printable(text.substr(0, sign)) + " is given twice"};
    }
    return labels;
}

}  // namespace hansa
