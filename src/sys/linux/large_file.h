// A file that is too large to stand in memory, written and read piece by piece.
//
// Blocking; one owner. A file is written beside its place under a temporary name, mode 0600, and
// stands there whole and on the disk, or not at all.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sys/linux/fd.h"

namespace hansa {

class LargeFileWriter {
 public:
    // `path` is absolute; its directory must be there.
    static Result<LargeFileWriter> begin(const std::string& path);
    LargeFileWriter(LargeFileWriter&& other) noexcept = default;
    LargeFileWriter& operator=(LargeFileWriter&&) = delete;
    ~LargeFileWriter();  // removes what was not finished

    Result<void> add(std::string_view piece);

    enum class Existing { kept, replaced };
    // Puts it into its place. Code::conflict where something stands there that is to be kept.
    Result<void> finish(Existing existing);

 private:
    LargeFileWriter(std::string path, std::string temporary, Fd file)
        : path_(std::move(path)), temporary_(std::move(temporary)), file_(std::move(file)) {}

    std::string path_;
    std::string temporary_;
    Fd file_;  // closed: finished, or moved away
};

// Gives the bytes of a regular file to `take`, whose error ends it. Code::missing when there is
// none.
Result<void> read_in_pieces(const std::string& path,
                            const std::function<Result<void>(std::string_view)>& take);

}  // namespace hansa
