// Floor of "10,000 files, fresh": writes N small files, each as a temporary file and a rename.
//
//     write_files DIR N
//
// File i is DIR/fI and holds "content of I\n", what the graph of the same row declares.
#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "floor.h"

int main(int argc, char** argv) {
    using namespace floors;
    if (argc != 3) usage("write_files DIR N");
    const int directory = need(open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC), argv[1]);
    const int count = to_number(argv[2]);
    for (int i = 0; i < count; ++i) {
        const std::string number = std::to_string(i);
        const std::string name = "f" + number;
        const std::string temporary = "." + name + ".new";
        const std::string content = "content of " + number + "\n";
        const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
        const int file = need(openat(directory, temporary.c_str(), flags, 0644), "openat");
        if (write(file, content.data(), content.size()) != static_cast<ssize_t>(content.size()))
            give_up("write");
        need(close(file), "close");
        need(renameat(directory, temporary.c_str(), directory, name.c_str()), "renameat");
    }
}
