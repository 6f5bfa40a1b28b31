// The YAML config file: a flag's long name as key, `converged-timeout: 5`, `seeds: [a, b]`.
#pragma once

#include <string>

#include "base/result.h"

namespace CLI {
class App;
}

namespace hansa {

// Gives every option of `app` that neither the command line nor the environment has set the value
// that the config file names. Unknown keys and values that the option refuses are errors with
// file:line:column.
Result<void> apply_config(CLI::App& app, const std::string& text, const std::string& file);

}  // namespace hansa
