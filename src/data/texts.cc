#include "data/texts.h"

#include <utility>

namespace hansa {

Value list_of_texts(const std::vector<std::string>& texts) {
    Value::List list;
    for (const std::string& text : texts) list.push_back(Value::of_text(text));
    return Value::of_list(std::move(list));
}

}  // namespace hansa
