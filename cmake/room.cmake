# One call per room makes its library, its tests and the rule that the lint checks.
#
#   room(engine USES base data sys report resource graph)
#   adapter(mesh/etcd USES base sys mesh LINKS hansa_grpc)
#
# A room is src/NAME with every .cc in it, except what stands in a sub-folder that is an adapter:
# a sub-folder with vendor libraries of its own, which only `daemon` and tests reach into. Every
# X_test.cc becomes part of the test program NAME_test, which ctest runs in the source directory, so
# that golden files are found. USES names rooms; an adapter belongs to its room and may use it.
# TEST_USES: what the tests use beyond that.

set_property(GLOBAL PROPERTY hansa_adapters "")

# Every test program without gRPC: these run under sanitizers in each run.
if(HANSA_TESTS)
    add_custom_target(pure_tests)
endif()

function(hansa_declare_adapters)
    set_property(GLOBAL PROPERTY hansa_adapters "${ARGN}")
endfunction()

function(hansa_library name folder)
    cmake_parse_arguments(ARG "" "" "USES;LINKS;TEST_USES;SKIP" ${ARGN})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.cc)
    set(tests "")
    foreach(source IN LISTS sources)
        file(RELATIVE_PATH relative ${CMAKE_CURRENT_SOURCE_DIR} ${source})
        foreach(skipped IN LISTS ARG_SKIP)
            if(relative MATCHES "^${skipped}/")
                list(REMOVE_ITEM sources ${source})
            endif()
        endforeach()
    endforeach()
    foreach(source IN LISTS sources)
        if(source MATCHES "_test\\.cc$")
            list(APPEND tests ${source})
            list(REMOVE_ITEM sources ${source})
        endif()
    endforeach()
    string(REPLACE "/" "_" name ${name})
    if(sources)
        add_library(${name} STATIC ${sources})
        set(scope PUBLIC)
    else()
        add_library(${name} INTERFACE)
        set(scope INTERFACE)
    endif()
    target_link_libraries(${name} ${scope} hansa_options ${ARG_USES} ${ARG_LINKS})
    target_include_directories(${name} ${scope} ${CMAKE_SOURCE_DIR}/src)
    if(tests AND HANSA_TESTS)
        add_executable(${name}_test ${tests})
        target_link_libraries(${name}_test PRIVATE ${name} ${ARG_TEST_USES} GTest::gtest_main)
        # Where tests find what is kept beside the code: corpora, golden files, the manual.
        target_compile_definitions(${name}_test PRIVATE HANSA_TREE="${CMAKE_SOURCE_DIR}")
        add_test(NAME ${name}_test COMMAND ${name}_test WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
        set_tests_properties(${name}_test PROPERTIES LABELS ${name} TIMEOUT 600)
        if(NOT "${ARG_LINKS}" MATCHES "etcd")
            set_tests_properties(${name}_test PROPERTIES LABELS "${name};pure")
            add_dependencies(pure_tests ${name}_test)
        endif()
    endif()
endfunction()

function(room name)
    get_property(adapters GLOBAL PROPERTY hansa_adapters)
    set(skip "")
    foreach(adapter IN LISTS adapters)
        if(adapter MATCHES "^${name}/")
            list(APPEND skip ${adapter})
        endif()
    endforeach()
    hansa_library(${name} ${CMAKE_CURRENT_SOURCE_DIR}/${name} SKIP ${skip} ${ARGN})
endfunction()

function(adapter path)
    hansa_library(${path} ${CMAKE_CURRENT_SOURCE_DIR}/${path} ${ARGN})
endfunction()
