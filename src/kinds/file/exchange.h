// Files on their way from one host to another: what a record carries, and where a collector puts
// it.
#pragma once

#include <string>

#include "base/result.h"
#include "resource/declaration.h"
#include "sys/files.h"

namespace hansa::kinds {

// Puts the last step of the exporter's path below `pattern`, an absolute directory with a trailing
// slash. Whatever the record says, the result lies directly in that directory.
Result<Declaration> relocate_file(Declaration declaration, const std::string& pattern);

// The declaration with its path made whole and `source` read into `content`: a record must stand
// for itself, since other hosts have neither our files nor our names. Blocking. Code::invalid for
// what is larger than export_bytes_max, and for directories with a source.
Result<Declaration> prepare_file_export(Declaration declaration, const Files& files);

}  // namespace hansa::kinds
