#include "cli/commands.h"

int main(int argc, char** argv) {
    return hansa::run_cli(argc, argv);
}
