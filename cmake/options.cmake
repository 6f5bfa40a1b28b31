# Compiler and linker options that every target of ours shares.
add_library(hansa_options INTERFACE)
target_compile_options(hansa_options INTERFACE -Wall -Wextra -Werror -Wshadow -Wnon-virtual-dtor)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # At -O2 these fire on correct code: string + text with impossible lengths (GCC bug 105651),
    # and the members that a std::variant does not hold at the moment. clang watches instead.
    target_compile_options(hansa_options INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
endif()
target_compile_definitions(hansa_options INTERFACE HANSA_VERSION="${PROJECT_VERSION}")
if(HANSA_SANITIZE)
    target_compile_options(hansa_options INTERFACE
        -fsanitize=${HANSA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND HANSA_SANITIZE MATCHES "undefined")
        # A check at every access to a member, and a quarter of the time that gcc takes. The
        # address sanitizer ends a program at a null pointer too; clang (preset fuzz) has all.
        target_compile_options(hansa_options INTERFACE
            -fno-sanitize=null,alignment,object-size)
    endif()
    target_link_options(hansa_options INTERFACE -fsanitize=${HANSA_SANITIZE})
endif()

find_program(HANSA_MOLD mold)
if(HANSA_MOLD)
    target_link_options(hansa_options INTERFACE -fuse-ld=mold)
endif()

# What only test programs are compiled with. They are no faster for being optimised, what they test
# is; and compiling them takes a third less time.
add_library(hansa_test_options INTERFACE)
target_compile_options(hansa_test_options INTERFACE -O0)
