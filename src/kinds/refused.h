// Kinds that graphs of the ancestor may name and that are not planned here: refused by name, each
// with a hint at what does the job, instead of an unhelpful "no such kind".
#pragma once

#include <memory>
#include <vector>

#include "resource/kind.h"

namespace hansa::kinds {

std::vector<std::unique_ptr<const Kind>> refused();

}  // namespace hansa::kinds
