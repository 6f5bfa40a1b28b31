# Compiler and linker options that every target of ours shares.
add_library(hansa_options INTERFACE)
target_compile_options(hansa_options INTERFACE -Wall -Wextra -Werror -Wshadow -Wnon-virtual-dtor)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # Fires on string + text at -O2 with impossible lengths (GCC bug 105651, mended in 13).
    target_compile_options(hansa_options INTERFACE -Wno-restrict)
endif()
target_compile_definitions(hansa_options INTERFACE HANSA_VERSION="${PROJECT_VERSION}")
if(HANSA_SANITIZE)
    target_compile_options(hansa_options INTERFACE
        -fsanitize=${HANSA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(hansa_options INTERFACE -fsanitize=${HANSA_SANITIZE})
endif()

find_program(HANSA_MOLD mold)
if(HANSA_MOLD)
    target_link_options(hansa_options INTERFACE -fuse-ld=mold)
endif()
