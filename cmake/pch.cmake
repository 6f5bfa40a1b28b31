# Precompiled headers of the standard library and of GoogleTest: a third of a build from nothing.
#
#   hansa_precompiled(mesh CODE)         parts of the program
#   hansa_precompiled(mesh_test TESTS)   and of what tests it
#
# Does nothing without HANSA_PCH. Every source still includes what it uses: builds without it see to
# that. Whoever calls must compile with the same optimisation as the others of that kind.
set(hansa_pch_headers <algorithm> <chrono> <functional> <map> <memory> <optional> <set> <string>
    <string_view> <variant> <vector>)

function(hansa_make_precompiled target)
    file(WRITE ${CMAKE_BINARY_DIR}/${target}.cc "")
    add_library(${target} OBJECT ${CMAKE_BINARY_DIR}/${target}.cc)
    target_link_libraries(${target} PRIVATE hansa_options)
endfunction()

if(HANSA_PCH)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
        # A precompiled std::string is no system header to GCC 12: the same bug has more names.
        target_compile_options(hansa_options INTERFACE
            -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
    endif()
    hansa_make_precompiled(hansa_pch)
    target_precompile_headers(hansa_pch PRIVATE ${hansa_pch_headers})
    if(HANSA_TESTS)
        hansa_make_precompiled(hansa_test_pch)
        target_link_libraries(hansa_test_pch PRIVATE hansa_test_options GTest::gtest)
        target_precompile_headers(hansa_test_pch PRIVATE ${hansa_pch_headers} <gtest/gtest.h>)
    endif()
endif()

function(hansa_precompiled target kind)
    if(NOT HANSA_PCH)
        return()
    elseif(kind STREQUAL TESTS)
        target_precompile_headers(${target} REUSE_FROM hansa_test_pch)
    else()
        target_precompile_headers(${target} REUSE_FROM hansa_pch)
    endif()
endfunction()
